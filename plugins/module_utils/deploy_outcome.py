# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a deploy has ended, in a word and in the sentence that tells the operator what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .typed_command import DEPLOY, typed_command

JOBS_WAIT = " No job runs meanwhile: the queues stay held, for a day at most, until a deploy or a restore lets them go."
PROGRAMS_WAIT = " The stage's own programs and timers stay stopped until a deploy starts them."


@dataclass(frozen=True)
class Outcome:
    """`result` is `succeeded`, `refused`, `rolled_back` or `failed`.

    `headline` says what visitors get and `next_step` what to do; both are empty after a success. `verdict` is what
    hosts remember of the release, if they have tried it: `accepted`, `refused`, or empty to leave it as it is.
    """

    result: str
    verdict: str
    headline: str = ""
    next_step: str = ""


def deploy_outcome(
    failures: Sequence[str],
    *,
    touched: bool,
    absences: Sequence[str],
    present: Sequence[str],
    stranded: Sequence[str],
    withdrawn: Sequence[str],
    keeping: Sequence[str],
    backup: str,
    backups: str,
    can_return: bool,
    serving: Sequence[str],
    tried: bool,
    jobs_wait: bool,
    lacks: Sequence[str],
    release: str,
    version: str,
    previous: str | None,
    previous_version: str,
    command: str,
    stage: str,
    url: str,
    typed: Mapping[str, str] | None = None,
    programs_wait: bool = False,
) -> Outcome:
    """Return how a deploy has ended.

    `failures` are the reasons why hosts refused the release. `touched` tells that a host was given it, or may have
    been, that the database was to be migrated, or that the site was closed. `absences` are the reasons why web hosts do
    not serve at the end, `present` the web hosts that do. `stranded` are the hosts that could not be given the
    `previous` release (its id, and the version that it is of) back, `withdrawn` those that never had it, and that run
    none again, `keeping` those that had the new one before this deploy, and keep it. `backup` is the name of the backup
    that was made before the first migration that `previous` does not know, empty if another deploy has made it, in the
    folder `backups`. `can_return` is false where the `previous` release cannot live with what the database has become;
    `serving` are the web hosts that serve the new one. `tried` tells that every host that had to change has been given
    the new one, if only to refuse it; `jobs_wait` that the queues stay held, `programs_wait` that the stage's own
    programs and timers stay stopped. `lacks` are the migrations that the database lacked of the new release, though
    that ran already, until they are applied. `release` is the new one's id and `version` what it is called; `command`
    was run (`make deploy`, `make rollback`, `make modernize`) on `stage` with the variables `typed`, and `url` is the
    site's.
    """
    name = f"{version} ({release})"
    again = f"run again: {typed_command(command, stage=stage, version=version, typed=typed)}"
    # An earlier release is as it is; a new one can be corrected.
    or_another = "; or deploy a corrected version" if command == DEPLOY else ""
    corrected = f"Correct what is named above, then {again}{or_another}"
    waiting = (JOBS_WAIT if jobs_wait else "") + (PROGRAMS_WAIT if programs_wait else "")
    keep = f"{', '.join(keeping)} had {release} before this deploy, and {'keeps' if len(keeping) == 1 else 'keep'} it. "
    kept = keep if keeping else ""

    def ended(result: str, next_step: str, headline: str = f"{name} was not deployed.") -> Outcome:
        return Outcome(result, _verdict(failures, release=release, previous=previous), headline, next_step)

    if failures and not touched and (can_return or previous is None):
        return ended("refused", f"Nothing was rolled out, and the database is as it was. {kept}{corrected}.{waiting}")
    if failures and (lacks or not can_return):
        wanting = f"{release} runs, and the database lacks, or may lack, {', '.join(lacks)}, which it wants."
        back = _way_back(tried=tried, previous_version=previous_version, stage=stage, backup=backup, backups=backups)
        on = f"{wanting} {corrected}." if lacks else _way_on(previous=previous, serving=serving, back=back)
        return ended("failed", kept + on + waiting)
    if stranded:
        back = _back("Every other host", previous, [name for name in withdrawn if name not in stranded])
        return ended(
            "failed",
            f"Out of service until it is repaired: {', '.join(stranded)}. {kept}{back} "
            f"Bring the host back, then {again}",
        )
    if failures:
        back = _back("Every other host" if keeping else "Every host", previous, withdrawn)
        # Where the only web host has joined in this deploy, none serves now.
        gone = withdrawn and not present
        return ended("failed" if absences or gone else "rolled_back", f"{kept}{back} {corrected}.")
    if absences:
        some = f"{name} is served at {url}, but not by every web host."
        none = f"Every host runs {name}, but no web host serves it at {url}."
        return ended(
            "failed",
            f"See what each host says: make status STAGE={stage}. If an instance is ill (aws ec2 "
            f"describe-instance-status), bring it back. Then {again}",
            headline=some if present else none,
        )
    return ended("succeeded", "", headline="")


def _verdict(failures: Sequence[str], *, release: str, previous: str | None) -> str:
    """Return what is to be remembered of `release`.

    If it ran before this deploy it has proved itself, whatever ails its programs now. If it was refused then, and runs
    because the database does not let the fleet go back, it has proved itself once it is served.
    """
    if not failures:
        return "accepted"
    return "" if release == previous else "refused"


def _back(hosts: str, previous: str | None, withdrawn: Sequence[str]) -> str:
    """Return what the `hosts` run that have gone back, and that those run none that have joined in this deploy."""
    if not withdrawn:
        return f"{hosts} serves {previous} as before."
    return f"{hosts} that had {previous} serves it as before; {', '.join(withdrawn)} had not, and run no release again."


def _way_on(*, previous: str | None, serving: Sequence[str], back: str) -> str:
    """Return what to do where the deploy cannot go back by itself."""
    if not previous and serving:
        return (
            f"It is served by {', '.join(serving)} alone. Correct what is named above, then run the same command again."
        )
    if not previous:
        return (
            "There was no release before it, so nothing is served. Correct what is named above and run the same "
            "command again."
        )
    migrated = f"The database has become, or may have become, one that {previous} cannot live with, so "
    if serving:
        return (
            f"{migrated}the new release is served by {', '.join(serving)} alone. Correct what is named above, then run "
            "the same command again."
        )
    return (
        f"{migrated}visitors get the maintenance page. Correct what is named above and run the same command again, or "
        f"deploy a corrected release; or go back: {back}."
    )


def _way_back(*, tried: bool, previous_version: str, stage: str, backup: str, backups: str) -> str:
    """Return the commands. Migrations are reversed to the release that every host ran before the one that it has."""
    if tried:
        return f"make reverse-migrations STAGE={stage}, then make rollback STAGE={stage}"
    then = f"which loses what was written since, then {typed_command(DEPLOY, stage=stage, version=previous_version)}"
    if backup:
        return f"make restore STAGE={stage} FROM={backup}, {then}"
    return (
        "the newest backup that is older than those migrations (on the host of the backups: ls -t "
        f"{backups}/*-deploy.dump): make restore STAGE={stage} FROM=<its name>, {then}"
    )
