# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding real RQ 1.15 workers on a real Redis, and loading their jobs."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import ask
from ansible_collections.carpentries.amy.plugins.module_utils.rq import jobs_probe
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.hold import hold, release, require_all_workers
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import RedisLease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import SUSPENSION_KEY
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import CLEANING_PAUSE_SECONDS, RqStore

from plugins.module_utils._clock import Clock, SystemClock
from tests.unit.plugins.module_utils.rq.conftest import AMYS_RQ, NEWER_RQ
from tests.unit.plugins.module_utils.rq.rq_system import eventually

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils.rq.rq_system import Rq

HOLDER = "deploy:1"


class WhileTheJobRuns(SystemClock):
    """The long job ends when a wait for it has begun, however slow this machine is."""

    def __init__(self, rq: Rq) -> None:
        self._rq = rq

    def sleep(self, seconds: float) -> None:
        self._rq.end_job()
        super().sleep(seconds)


def held(rq: Rq, *queues: str, timeout: int = 15, clock: Clock | None = None) -> Any:
    return hold(
        lease=RedisLease(client=rq.client, key=SUSPENSION_KEY),
        store=RqStore(client=rq.client, queues=list(queues or ("default",)), now=time.time),
        holder=HOLDER,
        ttl=60,
        timeout=timeout,
        take_over=False,
        clock=clock or SystemClock(),
    )


def released(rq: Rq) -> tuple[bool, list[str]]:
    outcome: tuple[bool, list[str]] = release(
        lease=RedisLease(client=rq.client, key=SUSPENSION_KEY),
        store=RqStore(client=rq.client, queues=["default"], now=time.time),
        holder=HOLDER,
    )
    return outcome


def done(rq: Rq, key: str) -> int:
    return int(rq.client.llen(f"rq:test:{key}"))


def test_a_worker_whose_registration_was_lost_is_found_and_held(rq: Rq) -> None:
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    (key,) = rq.client.smembers("rq:workers")
    rq.client.delete("rq:workers")
    rq.client.hdel(key, "birth", "hostname", "pid")
    journal = held(rq)
    assert len(journal.woken_workers) == 1
    assert released(rq) == (True, [])


def test_an_idle_worker_runs_no_job_while_held(rq: Rq) -> None:
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    journal = held(rq)
    assert len(journal.woken_workers) == 1
    rq.run("q.enqueue(jobs.record, 'held')")
    time.sleep(1.5)
    assert done(rq, "held") == 0
    assert released(rq) == (True, [])
    eventually(lambda: done(rq, "held") == 1)


def test_without_the_wake_an_idle_worker_would_run_one_more_job(rq: Rq) -> None:
    """The reason for waking workers: should RQ change, this fails and the wake can go."""
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    rq.client.set(SUSPENSION_KEY, HOLDER)
    rq.run("q.enqueue(jobs.record, 'late')")
    eventually(lambda: done(rq, "late") == 1)


def test_a_running_job_is_waited_for_and_runs_once(rq: Rq) -> None:
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    job = rq.long_job()
    # Between its job and its look at the suspension a worker is idle for a moment, and may be woken or not.
    journal = held(rq, clock=WhileTheJobRuns(rq))
    assert journal.jobs == [f"job {job} (jobs.record, queue default)"]
    assert done(rq, "long") == 1
    assert rq.client.zcard("rq:failed:default") == 0


def test_a_job_that_lasts_too_long_ends_the_hold(rq: Rq) -> None:
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    job = rq.long_job()
    with pytest.raises(QueueError, match=rf"in 1 seconds: job {job} \(jobs.record, queue default\) runs"):
        held(rq, timeout=1)
    assert not rq.client.exists(SUSPENSION_KEY)
    rq.end_job()
    eventually(lambda: done(rq, "long") == 1)


def test_a_job_that_a_killed_worker_took_goes_back_to_its_queue(rq: Rq) -> None:
    job = rq.run("print(q.enqueue(jobs.record, 'taken').id)")
    rq.client.lmove("rq:queue:default", "rq:queue:default:intermediate")  # What a worker does, which then dies.
    held(rq)
    rq.supervised_worker()
    eventually(lambda: b"suspended" in [rq.client.hget(key, "state") for key in rq.client.smembers("rq:workers")])
    assert released(rq) == (True, [job])
    eventually(lambda: done(rq, "taken") == 1)
    assert rq.client.llen("rq:queue:default:intermediate") == 0


def test_a_worker_that_starts_after_a_hold_leaves_alone_what_another_is_just_taking(rq: Rq) -> None:
    held(rq)
    job = rq.run("print(q.enqueue(jobs.record, 'taking').id)")
    assert released(rq) == (True, [])
    # The other one is between its BLMOVE and its entry in the registry of started jobs.
    rq.client.lmove("rq:queue:default", "rq:queue:default:intermediate")
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    assert rq.client.zcard("rq:failed:default") == 0
    assert rq.client.lrange("rq:queue:default:intermediate", 0, -1) == [job.encode()]


def test_a_minute_later_workers_clean_up_again(rq: Rq) -> None:
    rq.client.set("rq:clean_registries:default", 1, ex=2)  # The lock of a worker that cleaned a quarter of an hour ago.
    held(rq)
    released(rq)
    assert 2 < rq.client.ttl("rq:clean_registries:default") <= CLEANING_PAUSE_SECONDS


def test_a_worker_that_has_just_cleaned_keeps_its_lock(rq: Rq) -> None:
    rq.client.set("rq:clean_registries:default", 1, ex=899)
    held(rq)
    released(rq)
    assert rq.client.ttl("rq:clean_registries:default") > CLEANING_PAUSE_SECONDS


def probe(rq: Rq) -> dict[str, Any]:
    def execute(line: str) -> tuple[int, str, str]:
        command = [str(rq.python), "-c", Path(jobs_probe.__file__).read_text()]
        done = subprocess.run(command, cwd=rq.directory, input=line, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    findings: dict[str, Any] = ask(execute, {"redis_url": rq.url, "queues": ["default"]})
    return findings


def test_jobs_that_the_code_still_knows_can_be_loaded(rq: Rq) -> None:
    rq.run("q.enqueue(jobs.record, 'a'); s.enqueue_in(datetime.timedelta(hours=1), jobs.Letter('b'), meta={'l': 1})")
    jobs = probe(rq)["jobs"]
    assert sorted((job["function"], job["error"]) for job in jobs) == [
        ("jobs.Letter.__call__", ""),
        ("jobs.record", ""),
    ]
    assert [job["at"] is None for job in jobs] == [job["function"] == "jobs.record" for job in jobs]


def test_jobs_whose_class_or_function_has_gone_are_named(rq: Rq) -> None:
    code = "print(s.enqueue_in(datetime.timedelta(hours=1), jobs.Letter('b')).id, q.enqueue(jobs.record, 'a').id)"
    letter, function = rq.run(code).split()
    (rq.directory / "jobs.py").write_text("print('import noise')\n")
    before = rq.client.dbsize()
    findings = probe(rq)
    assert {job["id"]: job["where"] for job in findings["jobs"]} == {
        letter: ["rq:scheduler:scheduled_jobs"],
        function: ["rq:queue:default"],
    }
    assert all(job["error"] for job in findings["jobs"])
    assert "Letter" in next(job["error"] for job in findings["jobs"] if job["id"] == letter)
    assert rq.client.dbsize() == before


def test_a_schedule_entry_without_its_job_is_reported_and_stays(rq: Rq) -> None:
    rq.client.zadd("rq:scheduler:scheduled_jobs", {"ghost": 1})
    assert probe(rq) == {"jobs": [], "missing": ["ghost"], "queues": None, "database": 0, "elsewhere": {}}
    assert rq.client.zcard("rq:scheduler:scheduled_jobs") == 1


def test_a_worker_in_another_database_is_not_taken_for_held(rq: Rq) -> None:
    """AMY's database is 2; the workers of this application are in 0."""
    asked = redis.Redis(unix_socket_path=f"{rq.directory}/redis.sock", db=2)
    store = RqStore(client=asked, queues=["default"], now=time.time)
    require_all_workers(store=store, supervised={"worker1": 0}, clock=SystemClock())
    rq.supervised_worker()
    eventually(rq.waits_for_jobs)
    with pytest.raises(QueueError, match=r"none of them is registered in Redis database 2.*stage_redis_database: 0"):
        require_all_workers(store=store, supervised={"worker1": 1}, clock=SystemClock(), timeout=1)
    own = RqStore(client=rq.client, queues=["default"], now=time.time)
    require_all_workers(store=own, supervised={"worker1": 1}, clock=SystemClock(), timeout=1)


@pytest.mark.parametrize("rq_environment", [AMYS_RQ, NEWER_RQ], indirect=True)
@pytest.mark.parametrize("known", [("emails", "reports"), ("default",)], ids=["said", "not said"])
def test_queues_that_workers_take_jobs_from_are_held_whatever_they_are_called(rq: Rq, known: tuple[str, ...]) -> None:
    """A stage may have changed `rq_worker_queues`: the workers of the release before have others."""
    rq.supervised_worker("emails", "reports")
    eventually(rq.waits_for_jobs)
    rq.run("Queue('reports', connection=c).enqueue(jobs.record, 'long', after='end')")
    eventually(lambda: rq.client.zcard("rq:wip:reports") == 1)
    journal = held(rq, *known, clock=WhileTheJobRuns(rq))
    assert [job.endswith("(jobs.record, queue reports)") for job in journal.jobs] == [True]
    rq.run("Queue('emails', connection=c).enqueue(jobs.record, 'held')")
    time.sleep(1.5)
    assert (done(rq, "long"), done(rq, "held")) == (1, 0)
    released(rq)
    eventually(lambda: done(rq, "held") == 1)


@pytest.mark.parametrize("rq_environment", [AMYS_RQ, NEWER_RQ], indirect=True)
def test_a_job_that_a_worker_of_several_queues_takes_when_it_is_woken_is_not_lost(rq: Rq) -> None:
    """RQ's own BLPOP leaves it nowhere, where BLMOVE of a worker of one queue leaves it in a list."""
    rq.supervised_worker("emails", "reports")
    eventually(rq.waits_for_jobs)
    jobs: list[str] = []

    class Racing(RqStore):  # type: ignore[misc]
        def wake(self, worker: Any) -> None:
            super().wake(worker)
            eventually(lambda: not rq.waits_for_jobs())
            # What the worker did in the moment before.
            code = "r = Queue('reports', connection=c); print(r.enqueue(jobs.record, 'raced').id); c.lpop(r.key)"
            jobs.append(rq.run(code))

    journal = hold(
        lease=RedisLease(client=rq.client, key=SUSPENSION_KEY),
        store=Racing(client=rq.client, queues=["emails", "reports"], now=time.time),
        holder=HOLDER,
        ttl=120,
        timeout=60,
        take_over=False,
        clock=SystemClock(),
    )
    assert journal.returned_jobs == jobs
    assert done(rq, "raced") == 0
    released(rq)
    eventually(lambda: done(rq, "raced") == 1)
    assert rq.client.llen("rq:queue:reports") == 0
