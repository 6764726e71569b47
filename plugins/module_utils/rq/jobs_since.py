# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Jobs that are younger than a backup: the rows that they were made for may be gone after its restore.

Only the application knows which rows a job needs, and a job is not asked: that would execute its pickle.
Its age is certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

# The clocks of two hosts differ, and a job may be enqueued before the transaction that made it is committed.
MARGIN = timedelta(minutes=1)


@dataclass(frozen=True)
class WaitingJob:
    """A job that will run. `where` is its Redis key, `at` the Unix time for which it is scheduled, None for at once.

    `created` is what RQ has written down; empty if it has not.
    """

    id: str
    where: str
    function: str
    created: str
    at: float | None


def jobs_since(jobs: list[WaitingJob], *, since: str) -> list[WaitingJob]:
    """Return those of `jobs` that were created after the time `since` (ISO 8601, with its zone), or shortly before.

    One of unknown age is among them. Raises QueueError if `since` is no such time.
    """
    try:
        begin = _time(since) - MARGIN
    except ValueError as error:
        raise QueueError(f"{since!r} is no time such as 2026-03-31T12:00:00+00:00: {error}") from error
    return [job for job in jobs if _is_younger(job, begin)]


def described(job: WaitingJob) -> str:
    """Return a line for an operator."""
    when = "at once" if job.at is None else f"at {utc(job.at)}"
    return f"{job.id}: {job.function}, {when}, created {job.created or 'at an unknown time'}"


def _is_younger(job: WaitingJob, begin: datetime) -> bool:
    try:
        return _time(job.created) >= begin
    except ValueError:
        return True


def _time(text: str) -> datetime:
    # Python 3.10 does not know the Z that RQ writes.
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def utc(seconds: float) -> str:
    """A Unix time as an operator reads it."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
