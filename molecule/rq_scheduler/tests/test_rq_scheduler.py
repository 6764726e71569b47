# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled jobs are enqueued once, whatever happens to the scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import support
from rq_system import URL, flush, python, redis

if TYPE_CHECKING:
    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-worker"]

PROGRAM = "rqscheduler"
QUEUE = "later"  # No worker takes from it, so that what has been enqueued stays to be counted.


def pid(host: Host) -> str:
    """The scheduler's pid, or 0."""
    return str(host.run(f"supervisorctl pid {PROGRAM}").stdout).strip()


def up(host: Host) -> bool:
    return "RUNNING" in host.run(f"supervisorctl status {PROGRAM}").stdout


def schedule(host: Host, number: int) -> set[str]:
    """Ids of NUMBER jobs that are due now."""
    code = (
        "now = datetime.datetime.utcnow();"
        f"print(*[s.enqueue_at(now, jobs.record, 'x', queue_name={QUEUE!r}).id for _ in range({number})])"
    )
    return set(python(host, code).split())


def queued(host: Host) -> list[str]:
    return redis(host, f"LRANGE rq:queue:{QUEUE} 0 -1").split()


def lock(host: Host, state: str) -> dict[str, Any]:
    result: dict[str, Any] = host.ansible(
        "carpentries.amy.rq_scheduler_lock", f"redis_url={URL} owner=molecule state={state}", check=False
    )
    return result


@pytest.fixture(autouse=True)
def scheduler(host: Host) -> None:
    """Begin with a scheduler and no job."""
    support.until(lambda: up(host), seconds=60, what="the scheduler runs")
    flush(host)


def test_due_jobs_are_enqueued_once(host: Host) -> None:
    jobs = schedule(host, 50)
    support.until(lambda: len(queued(host)) >= 50, what="the jobs are enqueued")
    assert sorted(queued(host)) == sorted(jobs)
    assert redis(host, "ZCARD rq:scheduler:scheduled_jobs") == "0"


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_it_comes_back_after_its_end(host: Host, signal: str) -> None:
    before = pid(host)
    host.run_expect([0], f"kill -{signal} {before}")
    support.until(lambda: pid(host) not in {before, "0"}, what="there is another scheduler")
    # A killed scheduler's lock, if it had it, lasts its interval and ten seconds.
    jobs = schedule(host, 1)
    support.until(lambda: set(queued(host)) == jobs, seconds=40, what="the job is enqueued")


def test_it_goes_on_after_a_restart_of_redis(host: Host) -> None:
    # It ends and comes back if it asks in between; it stays if it sleeps.
    host.run_expect([0], "systemctl restart redis-server")
    jobs = schedule(host, 1)
    support.until(lambda: set(queued(host)) == jobs, seconds=60, what="the job is enqueued")


def test_it_outlasts_a_redis_that_is_away(host: Host) -> None:
    host.run_expect([0], "systemctl stop redis-server")
    try:
        support.until(lambda: "BACKOFF" in host.run(f"supervisorctl status {PROGRAM}").stdout, what="it tries again")
    finally:
        host.run_expect([0], "systemctl start redis-server")
    jobs = schedule(host, 1)
    support.until(lambda: set(queued(host)) == jobs, seconds=60, what="the job is enqueued")


def test_under_the_lock_no_tick_begins_and_a_restart_keeps_every_job(host: Host) -> None:
    held = lock(host, "held")
    assert held["changed"], held
    jobs = schedule(host, 100)
    host.run_expect([0], f"supervisorctl restart {PROGRAM}")
    assert queued(host) == []
    assert not lock(host, "held")["changed"]
    released = lock(host, "released")
    assert released["changed"], released
    support.until(lambda: len(queued(host)) >= 100, what="the jobs are enqueued")
    assert sorted(queued(host)) == sorted(jobs)


def test_it_is_back_after_a_reboot(host: Host) -> None:
    support.restart(host)
    support.until(lambda: up(host), seconds=60, what="the scheduler runs")
    jobs = schedule(host, 1)
    support.until(lambda: set(queued(host)) == jobs, seconds=40, what="the job is enqueued")
