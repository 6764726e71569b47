# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs run once, whatever happens to the workers; and the modules on workers that supervisor runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import support
from rq_system import RELEASES, URL, await_end, count, flush, pids, python, redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-worker"]

ROOT = Path(__file__).parents[3]
HOLD = {"redis_url": URL, "owner": "molecule", "ttl": 60, "timeout": 40}


def module(host: Host, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of one of the collection's modules on HOST."""
    text = " ".join(f"{key}={value}" for key, value in arguments.items())
    result: dict[str, Any] = host.ansible(f"carpentries.amy.{name}", text, check=False)
    return result


def enqueue(host: Host, name: str, seconds: float = 0) -> None:
    python(host, f"q.enqueue(jobs.record, {name!r}, {seconds})")


def running(host: Host, name: str) -> bool:
    return count(host, name, "started") > count(host, name)


@pytest.fixture(autouse=True)
def two_workers(host: Host) -> Iterator[None]:
    """Begin with two workers and no job, and leave no job that failed."""
    support.until(lambda: len(pids(host, "rqworker")) == 2, seconds=60, what="two workers run")
    flush(host)
    yield
    assert redis(host, "ZCARD rq:failed:default") == "0"


def test_each_job_runs_once(host: Host) -> None:
    python(host, "[q.enqueue(jobs.record, str(number)) for number in range(20)]")
    for number in range(20):
        await_end(host, str(number))


def test_the_workers_run_from_the_release_as_the_application(host: Host) -> None:
    for pid in pids(host, "rqworker"):
        assert host.run(f"readlink /proc/{pid}/cwd").stdout.strip() == f"{RELEASES}/mini-1"
        assert host.run(f"stat -c %U /proc/{pid}").stdout.strip() == "amy"


def test_a_restart_waits_for_the_job(host: Host) -> None:
    before = pids(host, "rqworker")
    enqueue(host, "restarted", 6)
    support.until(lambda: running(host, "restarted"), what="the job starts")
    host.run_expect([0], "supervisorctl restart 'rqworker:*'")
    await_end(host, "restarted", seconds=1)
    assert not set(before) & set(pids(host, "rqworker"))


def test_a_worker_that_gets_a_term_ends_its_job_and_comes_back(host: Host) -> None:
    enqueue(host, "term", 4)
    support.until(lambda: running(host, "term"), what="the job starts")
    host.run_expect([0], "kill -TERM " + " ".join(pids(host, "rqworker")))
    await_end(host, "term")
    enqueue(host, "after-term")
    await_end(host, "after-term")


def test_killed_workers_come_back_and_the_running_job_ends_once(host: Host) -> None:
    enqueue(host, "orphan", 4)
    support.until(lambda: running(host, "orphan"), what="the job starts")
    host.run_expect([0], "kill -9 " + " ".join(pids(host, "rqworker")))
    enqueue(host, "after-kill")
    await_end(host, "after-kill")
    await_end(host, "orphan")


def test_workers_outlive_a_restart_of_redis(host: Host) -> None:
    before = pids(host, "rqworker")
    host.run_expect([0], "systemctl restart redis-server")
    enqueue(host, "after-redis")
    await_end(host, "after-redis")
    assert pids(host, "rqworker") == before
    support.until(lambda: len(redis(host, "PUBSUB CHANNELS 'rq:pubsub:*'").split()) == 2, what="they take commands")
    host.run_expect([0], "timeout 20 supervisorctl restart 'rqworker:*'")  # RQ alone would hang in it.


def test_stopping_the_service_waits_for_the_job(host: Host) -> None:
    enqueue(host, "stopped", 6)
    support.until(lambda: running(host, "stopped"), what="the job starts")
    host.run_expect([0], "systemctl stop supervisor")
    try:
        await_end(host, "stopped", seconds=1)
    finally:
        host.run_expect([0], "systemctl start supervisor")


def test_workers_are_back_after_a_reboot(host: Host) -> None:
    enqueue(host, "before-reboot", 0)
    await_end(host, "before-reboot")
    support.restart(host)
    enqueue(host, "after-reboot")
    await_end(host, "after-reboot", seconds=60)


def test_what_jobs_write_is_logged_and_rotated(host: Host) -> None:
    log = "/webapps/amy.molecule.test/logs/rqworker.log"
    host.run_expect([0], "logrotate --force /etc/logrotate.d/rqworker")
    files = "readlink /proc/$(cat /run/supervisord.pid)/fd/*"
    support.until(lambda: f"{log}\n" in host.run(files).stdout, what="supervisord writes to the new file")
    enqueue(host, "logged")
    await_end(host, "logged")
    support.until(lambda: "jobs.record('logged', 0)" in host.file(log).content_string, what="the job is logged")
    assert host.file(log).mode == 0o640


def test_held_queues_run_nothing_and_lose_nothing(host: Host) -> None:
    enqueue(host, "long", 5)
    support.until(lambda: running(host, "long"), what="the job starts")
    held = module(host, "rq_hold", HOLD)
    assert held["changed"], held
    assert len(held["jobs"]) == 1
    assert len(held["woken_workers"]) == 1
    await_end(host, "long", seconds=1)
    enqueue(host, "waiting")
    again = module(host, "rq_hold", HOLD)
    assert not again["changed"], again
    state = module(host, "rq_queue_state", {"redis_url": URL})
    assert len(state["queues"]["default"]["queued"]) == 1, state
    assert state["suspended_by"]["holder"] == "deploy:molecule"
    released = module(host, "rq_hold", {**HOLD, "state": "released"})
    assert released["changed"], released
    await_end(host, "waiting")


def test_another_deploys_hold_is_refused_and_its_release_left_alone(host: Host) -> None:
    redis(host, "SET rq:suspended deploy:other EX 60")
    refused = module(host, "rq_hold", HOLD)
    assert "Another deploy holds the queues: 'deploy:other'" in refused["msg"]
    assert not module(host, "rq_hold", {**HOLD, "state": "released"})["changed"]
    assert module(host, "rq_hold", {**HOLD, "take_over": "true"})["changed"]
    assert redis(host, "GET rq:suspended") == "deploy:molecule"


def test_a_release_that_cannot_load_a_job_is_told(host: Host) -> None:
    enqueue(host, "known")
    await_end(host, "known")
    job = python(host, "print(s.enqueue_in(datetime.timedelta(hours=1), jobs.record, 'later').id)")
    check = {"redis_url": URL, "path": f"{RELEASES}/mini-2", "user": "amy", "stage": "test", "version": "v2"}
    assert module(host, "rq_jobs_check", check)["checked"] == 1
    source = f"{RELEASES}/mini-2/jobs.py"
    host.run_expect([0], f"mv {source} {source}.aside")
    try:
        told = module(host, "rq_jobs_check", check)
    finally:
        host.run_expect([0], f"mv {source}.aside {source}")
    assert "The release mini-2 cannot load 1 of 1 waiting jobs" in told["msg"]
    assert re.search(rf"1 x jobs\.record: scheduled, due .*: {job}\n", told["msg"])
    assert redis(host, "ZCARD rq:scheduler:scheduled_jobs") == "1"


def test_another_release_takes_over_after_the_running_job(host: Host) -> None:
    """The role itself, applied to a worker in the middle of a job."""
    for release in ("mini-2", "mini-1"):
        enqueue(host, release, 25)
        support.until(lambda name=release: running(host, name), what="the job starts")
        command = ["ansible-playbook", "-i", "molecule/inventory", "molecule/rq_worker/apply_role.yml"]
        subprocess.run([*command, "-e", f"release={release}"], cwd=ROOT, check=True, capture_output=True)
        await_end(host, release, seconds=1)
        found = module(host, "release_processes", {"releases": RELEASES, "command": "rqworker", "expected": release})
        assert len(found["processes"]) == 2
        assert found["others"] == []
