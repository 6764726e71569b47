# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a deploy has ended, in a word and in the sentence that tells the operator what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

JOBS_WAIT = " No job runs meanwhile: the queues stay held, for a day at most, until a deploy or a restore lets them go."


@dataclass(frozen=True)
class Outcome:
    """`result` is `succeeded`, `rolled_back` or `failed`; `next_step` is empty if there is nothing to be done."""

    result: str
    next_step: str


def deploy_outcome(
    failures: Sequence[str],
    *,
    absences: Sequence[str],
    stranded: Sequence[str],
    can_return: bool,
    serving: Sequence[str],
    tried: bool,
    jobs_wait: bool,
    previous: str | None,
    previous_version: str,
    stage: str,
) -> Outcome:
    """Return how a deploy has ended.

    `failures` are the reasons why hosts refused the release, `absences` the reasons why web hosts do not serve at the
    end, `stranded` the hosts that could not be given the `previous` release (its id, and the version that it is of)
    back. `can_return` is false where that release cannot live with what the database has become; `serving` are the web
    hosts that serve the new one. `tried` tells that every host that had to change has been given the new one, if only
    to refuse it; `jobs_wait` that the queues stay held.
    """
    if failures and not can_return:
        back = _way_back(tried=tried, previous_version=previous_version, stage=stage)
        way_on = _way_on(previous=previous, serving=serving, back=back)
        return Outcome("failed", way_on + (JOBS_WAIT if jobs_wait else ""))
    if stranded:
        return Outcome(
            "failed",
            f"Out of service until it is repaired: {', '.join(stranded)}. All others serve {previous}. "
            "Bring the host back, then run the same command again.",
        )
    if failures:
        return Outcome(
            "failed" if absences else "rolled_back",
            f"Every host serves {previous} as before. Correct the release and deploy again.",
        )
    if absences:
        return Outcome(
            "failed",
            "Look at the instance (aws ec2 describe-instance-status), bring it back, then run the same command again.",
        )
    return Outcome("succeeded", "")


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


def _way_back(*, tried: bool, previous_version: str, stage: str) -> str:
    """Return the commands. Migrations are reversed to the release that every host ran before the one that it has."""
    if tried:
        return f"make reverse-migrations STAGE={stage}, then make rollback STAGE={stage}"
    return (
        f"make restore STAGE={stage} FROM=... with the backup that was made before the migrations, which loses what "
        f"was written since, then make deploy STAGE={stage} VERSION={previous_version}"
    )
