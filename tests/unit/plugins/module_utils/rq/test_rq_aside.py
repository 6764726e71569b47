# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving the jobs of real RQ aside and back, on a real Redis, by the rights of the application's user."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
import yaml
from ansible_collections.carpentries.amy.plugins.module_utils.rq import aside
from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside_move import Moved, move_aside, restore
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore

from tests.unit.plugins.module_utils.rq.conftest import AMYS_RQ, NEWER_RQ
from tests.unit.plugins.module_utils.rq.rq_system import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.module_utils.rq.rq_system import Rq

ROOT = Path(__file__).parents[5]
BOTH = pytest.mark.parametrize("rq_environment", [AMYS_RQ, NEWER_RQ], indirect=True)
SET = "20260331T120000Z-jobs"
SCHEDULE = "s.enqueue_in(datetime.timedelta(days=9), jobs.record, 'later', meta={'to': 'a'})"


class Files:
    """A bucket."""

    def __init__(self, *, broken: bool = False) -> None:
        self.content: dict[str, bytes] = {}
        self._broken = broken

    def put(self, name: str, body: bytes) -> str:
        if self._broken:
            raise QueueError("the bucket cannot be reached")
        self.content[name] = body
        return f"s3://bucket/{name}"

    def get(self, name: str) -> bytes:
        return self.content[name]


def limited(rq: Rq) -> Any:
    """A client with the rules of the application's Redis user."""
    rules = yaml.safe_load((ROOT / "roles/redis/vars/main.yml").read_text())["__redis_application_least"]
    rq.client.execute_command(
        "ACL", "SETUSER", "amy", "reset", "on", ">secret", "~rq:*", "&rq:pubsub:*", *rules.split()
    )
    path = rq.client.connection_pool.connection_kwargs["path"]
    return redis.Redis(unix_socket_path=path, username="amy", password="secret")


def store(rq: Rq) -> RqStore:
    return RqStore(client=limited(rq), queues=["default"], now=time.time)


def moved_aside(rq: Rq, files: Files, *jobs: str, name: str = SET) -> Moved:
    return move_aside(
        client=limited(rq), store=store(rq), files=files, name=name, jobs=jobs, made="2026-03-31T12:00:00Z"
    )


def restored(rq: Rq, files: Files, *, errors: dict[str, str] | None = None, now: float = 0.0) -> Moved:
    known = errors or {}

    def errors_of(jobs: list[aside.KeptJob]) -> dict[str, str]:
        return {job.id: known[job.id] for job in jobs if job.id in known}

    return restore(client=limited(rq), files=files, name=SET, errors=errors_of, now=now)


def contents(rq: Rq) -> dict[bytes, Any]:
    """Everything in Redis but what moving notes of itself."""
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"hash": rq.client.hgetall,
        b"list": lambda key: rq.client.lrange(key, 0, -1),
        b"set": rq.client.smembers,
        b"zset": lambda key: rq.client.zrange(key, 0, -1, withscores=True),
        b"stream": rq.client.xrange,
        b"string": rq.client.get,
    }
    keys = [key for key in rq.client.keys("*") if not key.startswith(aside.ASIDE_PREFIX.encode())]
    return {key: read[rq.client.type(key)](key) for key in keys}


def failed_job(rq: Rq) -> str:
    rq.supervised_worker()
    job = rq.run("print(q.enqueue(jobs.record).id)")  # It lacks an argument.
    eventually(lambda: rq.client.zcard("rq:failed:default") == 1)
    rq.stop()
    return job


@BOTH
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print(q.enqueue(jobs.record, 'a').id)", id="queued"),
        pytest.param(f"print({SCHEDULE}.id)", id="scheduled by rq-scheduler"),
        pytest.param(
            "print(s.schedule(datetime.datetime(2030, 1, 1), jobs.record, ['a'], interval=60, repeat=3).id)",
            id="repeated by rq-scheduler",
        ),
        pytest.param("print(s.cron('0 3 * * *', jobs.record, ['a']).id)", id="cron of rq-scheduler"),
        pytest.param("print(q.enqueue_in(datetime.timedelta(days=1), jobs.record, 'a').id)", id="scheduled by RQ"),
        pytest.param("print(q.enqueue(jobs.record, depends_on=q.enqueue(jobs.record, 'first')).id)", id="deferred"),
        pytest.param("print(q.enqueue(jobs.record, 'a', ttl=600, failure_ttl=7, meta={'x': 1}).id)", id="with limits"),
    ],
)
def test_a_job_goes_aside_and_comes_back_as_it_was(rq: Rq, code: str) -> None:
    job = rq.run(code)
    before, files = contents(rq), Files()
    assert moved_aside(rq, files, job).ids == [job]
    assert store(rq).aside() == {SET: 1}
    assert not rq.client.exists(f"rq:job:{job}")
    left = contents(rq).items()
    assert not [key for key, content in left if job in str(content) and not key.endswith(b":dependents")]
    assert restored(rq, files).ids == [job]
    assert store(rq).aside() == {SET: 0}
    assert contents(rq) == before


@BOTH
def test_a_failed_job_keeps_its_error(rq: Rq) -> None:
    job = failed_job(rq)
    before, files = contents(rq), Files()
    assert moved_aside(rq, files, job).ids == [job]
    assert rq.client.zcard("rq:failed:default") == 0
    # A failed job does not run by itself: it may be one that the release cannot load.
    assert restored(rq, files, errors={job: "No module named 'pytz'"}).ids == [job]
    job_keys = {key: value for key, value in before.items() if job.encode() in key}
    assert {key: value for key, value in contents(rq).items() if job.encode() in key} == job_keys
    assert [member for member, _score in contents(rq)[b"rq:failed:default"]] == [job.encode()]
    assert "TypeError" in rq.run(f"from rq.job import Job; j = Job.fetch({job!r}, connection=c); print(j.exc_info)")


def test_jobs_come_back_before_those_that_were_queued_meanwhile(rq: Rq) -> None:
    first, second = (rq.run(f"print(q.enqueue(jobs.record, '{name}').id)") for name in "ab")
    files = Files()
    moved_aside(rq, files, first, second)
    third = rq.run("print(q.enqueue(jobs.record, 'c').id)")
    restored(rq, files)
    assert rq.client.lrange("rq:queue:default", 0, -1) == [first.encode(), second.encode(), third.encode()]
    rq.supervised_worker()
    eventually(lambda: all(rq.client.llen(f"rq:test:{name}") == 1 for name in "abc"))


def test_a_time_limit_stands_still_while_a_job_is_aside(rq: Rq) -> None:
    job = failed_job(rq)
    rq.client.pexpire(f"rq:job:{job}", 50_000)
    files = Files()
    moved_aside(rq, files, job)
    time.sleep(0.1)
    restored(rq, files)
    assert 0 < rq.client.pttl(f"rq:job:{job}") <= 50_000


def test_nothing_moves_where_nothing_can_be_kept(rq: Rq) -> None:
    job = rq.run(f"print({SCHEDULE}.id)")
    before = contents(rq)
    with pytest.raises(QueueError, match="bucket"):
        moved_aside(rq, Files(broken=True), job)
    # The bucket may have the file all the same, so Redis goes on to know that nothing has moved.
    assert aside.standing(rq.client, name=SET) == {job: aside.COPIED}
    rq.client.delete(aside.ASIDE_PREFIX + SET)
    assert contents(rq) == before


def test_a_restore_to_another_redis_that_was_cut_off_goes_on(rq: Rq) -> None:
    jobs = rq.run(f"print({SCHEDULE}.id, q.enqueue(jobs.record, 'a').id)").split()
    files = Files()
    moved_aside(rq, files, *jobs)
    rq.client.flushall()
    limited(rq)
    first = restored(rq, files, errors={jobs[1]: "no such class"})
    assert (first.ids, list(first.left)) == ([jobs[0]], [jobs[1]])
    # That Redis is lost in turn: what is back already does not run a second time.
    rq.client.flushall()
    second = restored(rq, files)
    assert (second.ids, second.left) == ([jobs[1]], {})


def test_a_file_that_names_a_place_which_is_none_of_rqs_is_refused(rq: Rq) -> None:
    job = rq.run("print(q.enqueue(jobs.record, 'a').id)")
    files = Files()
    moved_aside(rq, files, job)
    files.content[SET] = files.content[SET].replace(b'"rq:queue:default"', b'"amy:sessions"')
    with pytest.raises(QueueError, match="amy:sessions"):
        restored(rq, files)


def test_a_job_that_was_worked_off_meanwhile_is_left(rq: Rq, monkeypatch: pytest.MonkeyPatch) -> None:
    job = rq.run("print(q.enqueue(jobs.record, 'a').id)")
    files = Files()
    put = files.put

    def put_and_work(name: str, body: bytes) -> str:
        rq.client.lpop("rq:queue:default")
        return put(name, body)

    monkeypatch.setattr(files, "put", put_and_work)
    moved = moved_aside(rq, files, job)
    assert (moved.ids, list(moved.left)) == ([], [job])
    assert rq.client.exists(f"rq:job:{job}")
    # Its file has it, and yet it never comes back.
    assert restored(rq, files).ids == []
    rq.client.delete(f"rq:job:{job}")
    assert restored(rq, files).ids == []


def test_a_second_restore_runs_nothing_twice(rq: Rq) -> None:
    job = rq.run("print(q.enqueue(jobs.record, 'once').id)")
    files = Files()
    moved_aside(rq, files, job)
    restored(rq, files)
    rq.supervised_worker()
    eventually(lambda: rq.client.llen("rq:test:once") == 1)
    rq.stop()
    rq.client.delete(f"rq:job:{job}")  # As after its result's time.
    assert restored(rq, files).ids == []


def test_jobs_come_back_to_a_redis_that_never_knew_them(rq: Rq) -> None:
    job = rq.run(f"print({SCHEDULE}.id)")
    files = Files()
    moved_aside(rq, files, job)
    rq.client.flushall()
    assert restored(rq, files, now=2e9).ids == [job]
    assert rq.run("print(len(list(s.get_jobs())))") == "1"
    assert restored(rq, files).ids == []


def test_an_id_that_is_in_use_is_named_and_left_aside(rq: Rq) -> None:
    job = rq.run("print(q.enqueue(jobs.record, 'a', job_id='mine').id)")
    files = Files()
    moved_aside(rq, files, job)
    rq.run("q.enqueue(jobs.record, 'b', job_id='mine')")
    assert list(restored(rq, files).left) == ["mine"]
    rq.client.delete("rq:job:mine", "rq:queue:default")
    assert restored(rq, files).ids == ["mine"]


def test_what_the_running_release_cannot_load_stays_aside(rq: Rq) -> None:
    job = rq.run(f"print({SCHEDULE}.id)")
    files = Files()
    moved_aside(rq, files, job)
    moved = restored(rq, files, errors={job: "No module named 'pytz'"})
    assert (moved.ids, "pytz" in moved.left[job]) == ([], True)
    assert restored(rq, files).ids == [job]


def test_overdue_jobs_are_named(rq: Rq) -> None:
    job = rq.run(f"print({SCHEDULE}.id)")
    files = Files()
    moved_aside(rq, files, job)
    assert restored(rq, files, now=time.time() + 10 * 86400).overdue == [job]


def test_a_running_job_is_not_moved(rq: Rq) -> None:
    rq.supervised_worker()
    job = rq.long_job()
    moved = moved_aside(rq, Files(), job)
    assert (moved.ids, list(moved.left), moved.kept) == ([], [job], "")
    rq.end_job()
    eventually(lambda: rq.client.llen("rq:test:long") == 1)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"format": 1, "name": "other", "jobs": []}', b'{"format": 2}'])
def test_what_is_no_file_of_jobs_is_refused(body: bytes) -> None:
    with pytest.raises(QueueError, match="no file of jobs"):
        aside.read(body, name=SET)


def test_a_file_writes_to_keys_of_its_jobs_only() -> None:
    jobs = [aside.KeptJob("a", [], [aside.Key("rq:suspended", "hash", [])])]
    with pytest.raises(QueueError, match="rq:suspended"):
        aside.read(aside.written(jobs, name=SET, made=""), name=SET)


def test_what_a_hold_looks_for_the_application_s_user_may_see(rq: Rq) -> None:
    socket = rq.client.connection_pool.connection_kwargs["path"]
    redis.Redis(unix_socket_path=socket, db=3).sadd("rq:workers", "rq:worker:a")
    job = rq.run("print(q.enqueue(jobs.record, 'a').id)")
    rq.client.lpop("rq:queue:default")
    assert store(rq).databases_with_workers() == [3]
    assert [lost.job for lost in store(rq).lost(since=time.time() - 60)] == [job]
