# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is left in the queues of a stage that is to have none any more. Pure: nothing here speaks to Redis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .jobs_probe import JOB_KEYS, job_of_execution

# Where a job is that will run, by the names in the result of rq_queue_state.
WAITING = tuple(dict.fromkeys(kind.state for kind in JOB_KEYS if kind.runs))
# So many ids are named; of further ones their number.
NAMED = 10


@dataclass(frozen=True)
class Remains:
    """Lines for people: `waiting` are jobs that would never run, `failed` are jobs that have failed and are kept."""

    waiting: list[str]
    failed: list[str]

    def as_result(self) -> dict[str, Any]:
        """Return them as Ansible sees them."""
        return asdict(self)


def remains(state: Mapping[str, Any]) -> Remains:
    """Return what is left in the queues, by the result of rq_queue_state."""
    waiting = [
        _line(f"queue {name}", place, queue.get(place) or [])
        for name, queue in state["queues"].items()
        for place in WAITING
        if queue.get(place)
    ]
    if state["scheduled"]:
        waiting.append(_line("rq-scheduler", "scheduled", state["scheduled"]))
    failed = [
        _line(f"queue {name}", "failed", queue["failed"]) for name, queue in state["queues"].items() if queue["failed"]
    ]
    return Remains(waiting=waiting, failed=failed)


def _line(where: str, how: str, jobs: list[Any]) -> str:
    ids = [job_of_execution(job["id"]) if isinstance(job, Mapping) else str(job) for job in jobs]
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{where}: {len(ids)} {how} ({', '.join(ids[:NAMED])}{more})"
