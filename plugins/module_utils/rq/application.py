# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the queues of a release are those that the stage's workers take jobs from, where it looks for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReleaseQueue:
    """A queue of the release: the number of its Redis database, and whether that is on the stage's own Redis.

    `error` says why it could not be asked, and is empty otherwise.
    """

    name: str
    database: int = 0
    is_ours: bool = False
    error: str = ""


def release_queues(answer: Mapping[str, Any]) -> list[ReleaseQueue] | None:
    """The queues in an answer of `jobs_probe`; None if the release does not say which it has."""
    found = answer.get("queues")
    return None if found is None else [ReleaseQueue(**queue) for queue in found]


def queues_refusal(found: Sequence[ReleaseQueue] | None, *, wanted: Collection[str], database: int, stage: str) -> str:
    """Why the workers would not do the release's jobs, or a hold would not stop them; empty if all fits.

    `wanted` are the queues that the stage's workers take jobs from, in the Redis database of number `database`.
    """
    if found is None:
        return ""
    inventory = f"in inventories/{stage}/group_vars/all"
    refusal = _place_refusal(found, wanted=wanted, database=database, inventory=inventory)
    refusal = refusal or _names_refusal(found, wanted=wanted, database=database, inventory=inventory)
    return refusal and f"{refusal}. Nothing that runs has been touched. Then run the same command again."


def left_behind(elsewhere: Mapping[str, int], *, database: int, stage: str) -> str:
    """What to do about jobs that wait where no worker of the release looks for them; empty if there are none.

    `elsewhere` counts them by the number of another Redis database, `database` is the release's own.
    """
    if not elsewhere:
        return ""
    counted = [
        f"{count} {'job waits' if count == 1 else 'jobs wait'} in Redis database {other}"
        for other, count in sorted(elsewhere.items(), key=lambda found: int(found[0]))
    ]
    other = min(elsewhere, key=int)
    return (
        f"{', and '.join(counted)}, and the release has its queues in {database}: no worker would run them. Move them "
        f"there: make maintenance MODE=on STAGE={stage}; make jobs MODE=aside JOBS=all STAGE={stage} "
        f"ARGS='-e stage_redis_database={other}'; on each worker host, supervisorctl stop rqworker:*; the same command "
        f"again; make jobs MODE=restore STAGE={stage} FROM=, with the name that MODE=aside has said; "
        f"make maintenance MODE=off STAGE={stage}."
    )


def _place_refusal(found: Sequence[ReleaseQueue], *, wanted: Collection[str], database: int, inventory: str) -> str:
    used = [queue for queue in found if queue.name in wanted] or list(found)
    if broken := [f"{queue.name}: {queue.error}" for queue in used if queue.error]:
        return (
            f"The release cannot reach the Redis of its queues ({'; '.join(broken)}). Correct its settings {inventory}"
        )
    if foreign := [queue.name for queue in used if not queue.is_ours]:
        return (
            f"The release's settings lead queue {', '.join(foreign)} to a Redis that is not the stage's own. Correct "
            f"release_environment or release_secrets {inventory}"
        )
    databases = sorted({queue.database for queue in used})
    if len(databases) > 1:
        told = ", ".join(f"{queue.name} in {queue.database}" for queue in used)
        return (
            f"The release's queues are in several Redis databases ({told}), and a stage holds those of one. Let the "
            f"application have them in one, or name those of one only in rq_worker_queues {inventory}"
        )
    if databases != [database]:
        return (
            f"The release has its queues in Redis database {databases[0]}, and the stage looks for them in {database}: "
            f"it would neither stop its jobs for a migration, nor check them. Set stage_redis_database: {databases[0]} "
            f"{inventory}"
        )
    return ""


def _names_refusal(found: Sequence[ReleaseQueue], *, wanted: Collection[str], database: int, inventory: str) -> str:
    known = [queue.name for queue in found]
    absent = [name for name in wanted if name not in known]
    # Those of another database are not the stage's: tests of the application may have one.
    idle = [queue.name for queue in found if queue.is_ours and queue.database == database and queue.name not in wanted]
    if not absent and not idle:
        return ""
    told = [f"The release has no queue {', '.join(absent)}, from which workers are to take jobs."] if absent else []
    told += [f"The release has a queue {', '.join(idle)}, and no worker takes jobs from it."] if idle else []
    names = [name for name in wanted if name in known] + idle
    return f"{' '.join(told)} Set rq_worker_queues: [{', '.join(names)}] {inventory}"
