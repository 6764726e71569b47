# SPDX-License-Identifier: GPL-3.0-or-later
"""Which waiting jobs are younger than a backup."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_since import WaitingJob, described, jobs_since
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils.rq.rq_system import Rq

NOON = "2026-03-31T12:00:00+00:00"


def job(created: str, *, at: float | None = None) -> WaitingJob:
    return WaitingJob(id="a", where="rq:queue:default", function="send", created=created, at=at)


@pytest.mark.parametrize(
    ("created", "listed"),
    [
        ("2026-03-31T12:00:01.000000Z", True),
        ("2026-03-31T11:59:01.500000Z", True),
        ("2026-03-31T11:58:59.000000Z", False),
        ("2026-03-31T13:58:59.000000+02:00", False),
        ("2026-03-31T11:58:59", False),
        ("2026-04-01T00:00:00", True),
        ("", True),
        ("yesterday", True),
    ],
)
def test_younger_ones_and_those_of_unknown_age_are_listed(created: str, listed: bool) -> None:
    assert bool(jobs_since([job(created)], since=NOON)) is listed


def test_a_backup_without_a_time_is_refused() -> None:
    with pytest.raises(QueueError, match="'noon' is no time such as"):
        jobs_since([], since="noon")


def test_a_line_says_when_it_runs() -> None:
    assert described(job("")) == "a: send, at once, created at an unknown time"
    assert described(job("2026-03-31T12:00:01Z", at=1774958400.0)) == (
        "a: send, at 2026-03-31T12:00:00Z, created 2026-03-31T12:00:01Z"
    )


class Store:
    """A Redis with one entry in the list or sorted set `key`."""

    def __init__(self, key: str, entry: bytes) -> None:
        self._content = {key: entry}

    def lrange(self, key: str, *_range: int) -> list[bytes]:
        return [self._content[key]] if key in self._content else []

    def zrange(self, key: str, *_range: int, withscores: bool) -> list[Any]:
        return [(entry, 0.0) if withscores else entry for entry in self.lrange(key)]

    def hmget(self, _key: str, fields: list[str]) -> list[None]:
        return [None] * len(fields)


@pytest.mark.parametrize(
    ("key", "entry", "found"),
    [
        ("rq:queue:default", b"mail:7", "mail:7"),
        ("rq:deferred:default", b"mail:7", "mail:7"),
        ("rq:scheduled:default", b"mail:7", "mail:7"),
        ("rq:scheduler:scheduled_jobs", b"mail:7", "mail:7"),
        ("rq:wip:default", b"mail:execution", "mail"),
    ],
)
def test_an_id_may_have_a_colon_where_none_is_added_to_it(key: str, entry: bytes, found: str) -> None:
    jobs = RqStore(client=Store(key, entry), queues=["default"], now=time.time).waiting_jobs()
    assert [(job.id, job.where) for job in jobs] == [(found, key)]


def test_the_jobs_of_a_real_queue_and_a_real_scheduler_are_found(rq: Rq) -> None:
    rq.run("q.enqueue(jobs.record, 'queued'); s.enqueue_in(datetime.timedelta(hours=1), jobs.record, 'later')")
    stored = RqStore(client=rq.client, queues=["default"], now=time.time).waiting_jobs()
    assert {found.where for found in stored} == {"rq:queue:default", "rq:scheduler:scheduled_jobs"}
    assert {found.function for found in stored} == {"jobs.record"}
    hour_ago, in_an_hour = (
        time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + seconds)) for seconds in (-3600, 3600)
    )
    assert jobs_since(stored, since=hour_ago) == stored
    assert jobs_since(stored, since=in_an_hour) == []
