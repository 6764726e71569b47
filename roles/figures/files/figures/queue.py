# SPDX-License-Identifier: GPL-3.0-or-later
"""RQ's keys, read as they are: RQ's own classes would run a job's pickle, and delete what they find stale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

SCHEDULED = "rq:scheduler:scheduled_jobs"


def queue_figures(client: Any, queues: Sequence[str], *, now: float) -> dict[str, float]:
    """Return what waits, what has failed, and what is late; ages are seconds, `now` is seconds since 1970.

    A job counts as overdue as long as the scheduler has not queued it though its time has come.
    """
    scheduled = client.zrange(SCHEDULED, 0, 0, withscores=True)
    return {
        "QueuedJobs": sum(client.llen(f"rq:queue:{queue}") for queue in queues),
        "OldestQueuedSeconds": max((_age(client, queue, now) for queue in queues), default=0.0),
        "FailedJobs": sum(client.zcard(f"rq:failed:{queue}") for queue in queues),
        "ScheduledJobs": client.zcard(SCHEDULED),
        "OldestOverdueSeconds": max(0.0, round(now - scheduled[0][1], 1)) if scheduled else 0.0,
    }


def _age(client: Any, queue: str, now: float) -> float:
    """How long the queue's next job has waited; 0 if there is none, or if it does not say."""
    first = client.lindex(f"rq:queue:{queue}", 0)
    queued = first and client.hget(f"rq:job:{first.decode()}", "enqueued_at")
    if not queued:
        return 0.0
    try:
        moment = datetime.strptime(queued.decode(), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0.0
    return max(0.0, round(now - moment.timestamp(), 1))
