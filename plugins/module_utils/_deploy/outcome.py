# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a deploy has ended, in a word and in the sentence that tells the operator what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..typed_command import DEPLOY, typed_command

JOBS_WAIT = (
    " No job runs meanwhile: the queues stay paused, for a day at most, until a deploy or a restore resumes them."
)
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


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a deploy has come to.

    `failures` are the reasons why hosts refused the release. `touched` tells that a host was given it, or may have
    been, that the database was to be migrated, or that the site was closed; `open` that none of this deploy's steps has
    kept visitors out. `absences` are the reasons why web hosts do
    not serve at the end, `present` the web hosts that do. `stranded` are the hosts that could not be given the
    `previous` release (its id, and the version that it is of) back, `withdrawn` those that never had it, and that run
    none again, `keeping` those that had the new one before this deploy, and keep it. `backup` is the name of the backup
    that was made before the first migration that `previous` does not know, empty if another deploy has made it, in the
    folder `backups`. `can_roll_back` is false where the `previous` release cannot live with what the database has
    become; `serving` are the web hosts that serve the new one. `tried` tells that every host that had to change has
    been given the new one, if only to refuse it; `jobs_wait` that the queues stay paused, `programs_wait` that the
    stage's own programs and timers stay stopped. `lacks` are the migrations that the database lacked of the new
    release, though that ran already, until they are applied. `release` is the new one's id and `version` what it is
    called; `command` was run (`make deploy`, `make rollback`, `make modernize`) on `stage` with the variables `typed`,
    and `url` is the site's.
    """

    failures: Sequence[str]
    touched: bool
    open: bool
    absences: Sequence[str]
    present: Sequence[str]
    stranded: Sequence[str]
    withdrawn: Sequence[str]
    keeping: Sequence[str]
    backup: str
    backups: str
    can_roll_back: bool
    serving: Sequence[str]
    tried: bool
    jobs_wait: bool
    programs_wait: bool
    lacks: Sequence[str]
    release: str
    version: str
    previous: str | None
    previous_version: str
    command: str
    stage: str
    url: str
    typed: Mapping[str, str]


def deploy_outcome(deploy: Ending) -> Outcome:
    """Return how a deploy has ended."""
    name = f"{deploy.version} ({deploy.release})"
    again = (
        f"run again: {typed_command(deploy.command, stage=deploy.stage, version=deploy.version, typed=deploy.typed)}"
    )
    # An earlier release is as it is; a new one can be corrected.
    or_another = "; or deploy a corrected version" if deploy.command == DEPLOY else ""
    corrected = f"Correct what is named above, then {again}{or_another}"
    waiting = (JOBS_WAIT if deploy.jobs_wait else "") + (PROGRAMS_WAIT if deploy.programs_wait else "")
    kept = _kept(deploy)

    def ended(result: str, next_step: str, headline: str = f"{name} was not deployed.") -> Outcome:
        return Outcome(result, _verdict(deploy), headline, next_step)

    if deploy.failures and not deploy.touched and (deploy.can_roll_back or deploy.previous is None):
        return ended("refused", f"Nothing was rolled out, and the database is as it was. {kept}{corrected}.{waiting}")
    if deploy.failures and (deploy.lacks or not deploy.can_roll_back):
        on = f"{_wanting(deploy)} {corrected}." if deploy.lacks else _way_on(deploy)
        return ended("failed", kept + on + waiting)
    if deploy.stranded:
        withdrawn = [name for name in deploy.withdrawn if name not in deploy.stranded]
        return ended(
            "failed",
            f"Out of service until it is repaired: {', '.join(deploy.stranded)}. {kept}"
            f"{_back('Every other host', deploy.previous, withdrawn)} Bring the host back, then {again}",
        )
    if deploy.failures:
        back = _back("Every other host" if deploy.keeping else "Every host", deploy.previous, deploy.withdrawn)
        # Where the only web host has joined in this deploy, none serves now.
        gone = deploy.withdrawn and not deploy.present
        return ended("failed" if deploy.absences or gone else "rolled_back", f"{kept}{back} {corrected}.")
    if deploy.absences:
        some = f"{name} is served at {deploy.url}, but not by every web host."
        none = f"Every host runs {name}, but no web host serves it at {deploy.url}."
        return ended(
            "failed",
            f"See what each host says: make status STAGE={deploy.stage}. If an instance is ill (aws ec2 "
            f"describe-instance-status), bring it back. Then {again}",
            headline=some if deploy.present else none,
        )
    return ended("succeeded", "", headline="")


def _verdict(deploy: Ending) -> str:
    """Return what is to be remembered of the release.

    If it ran before this deploy it has proved itself, whatever ails its programs now. If it was refused then, and runs
    because the database does not let the fleet go back, it has proved itself once it is served.
    """
    if not deploy.failures:
        return "accepted"
    return "" if deploy.release == deploy.previous else "refused"


def _kept(deploy: Ending) -> str:
    """Return which hosts keep the new release, which they had before; empty if none does."""
    if not deploy.keeping:
        return ""
    keep = "keeps" if len(deploy.keeping) == 1 else "keep"
    return f"{', '.join(deploy.keeping)} had {deploy.release} before this deploy, and {keep} it. "


def _wanting(deploy: Ending) -> str:
    lacks = ", ".join(deploy.lacks)
    return f"{deploy.release} runs, and the database lacks, or may lack, {lacks}, which it wants."


def _back(hosts: str, previous: str | None, withdrawn: Sequence[str]) -> str:
    """Return what the `hosts` run that have gone back, and that those run none that have joined in this deploy."""
    if not withdrawn:
        return f"{hosts} serves {previous} as before."
    return f"{hosts} that had {previous} serves it as before; {', '.join(withdrawn)} had not, and run no release again."


def _way_on(deploy: Ending) -> str:
    """Return what to do where the deploy cannot go back by itself."""
    alone = f"{', '.join(deploy.serving)} alone. Correct what is named above, then run the same command again."
    if not deploy.previous and deploy.serving:
        return f"It is served by {alone}"
    if not deploy.previous:
        return (
            "There was no release before it, so nothing is served. Correct what is named above and run the same "
            "command again."
        )
    migrated = f"The database has become, or may have become, one that {deploy.previous} cannot live with, so "
    if deploy.serving:
        return f"{migrated}the new release is served by {alone}"
    now = "no host goes back to it" if deploy.open else "visitors get the maintenance page"
    return (
        f"{migrated}{now}. Correct what is named above and run the same command again, or deploy a corrected release; "
        f"or go back: {_way_back(deploy)}."
    )


def _way_back(deploy: Ending) -> str:
    """Return the commands. Migrations are reversed to the release that every host ran before the one that it has."""
    stage = deploy.stage
    if deploy.tried:
        return f"make reverse-migrations STAGE={stage}, then make rollback STAGE={stage}"
    deploy_it = typed_command(DEPLOY, stage=stage, version=deploy.previous_version)
    then = f"which loses what was written since, then {deploy_it}"
    if deploy.backup:
        return f"make restore STAGE={stage} FROM={deploy.backup}, {then}"
    return (
        "the newest backup that is older than those migrations (on the host of the backups: ls -t "
        f"{deploy.backups}/*-deploy.dump): make restore STAGE={stage} FROM=<its name>, {then}"
    )
