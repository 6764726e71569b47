# SPDX-License-Identifier: GPL-3.0-or-later
"""The hold's decisions and its wait, without Redis."""

from __future__ import annotations

import pickle
import re
import zlib
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.hold import hold, must_suspend, release, wait_for_rest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import function_name, job_of_execution
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import Claim
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import (
    Running,
    Snapshot,
    Taken,
    Worker,
    counted,
    is_live,
    obstacles,
    overdue_seconds,
    stranded,
    to_wake,
    unseen,
)

from tests.unit.plugins.module_utils.fake_clock import FakeClock
from tests.unit.plugins.module_utils.rq.fake_lease import FakeLease

ME, OTHER = "deploy:me", "deploy:other"
TAKEN = Taken(job="t", queue="default")
RUNNING = Running(job="r", queue="default", function="send", lease_ends=9.0)


def worker(state: str, *, name: str = "w", birth: str = "1", listening: bool = True) -> Worker:
    return Worker(
        name=name,
        hostname="host",
        pid=7,
        state=state,
        birth=birth,
        current_job=None,
        last_heartbeat="",
        listening=listening,
    )


class FakeStore:
    """Shows one snapshot after the other, the last one for ever."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self.snapshots = list(snapshots)
        self.woken: list[str] = []
        self.returned: list[str] = []
        self.cleaning_put_off = 0

    def snapshot(self) -> Snapshot:
        return self.snapshots.pop(0) if len(self.snapshots) > 1 else self.snapshots[0]

    def lost(self, *, since: float) -> list[Taken]:
        del since
        return []

    def wake(self, worker: Worker) -> None:
        self.woken.append(worker.name)

    def return_to_queue(self, taken: Taken) -> bool:
        self.returned.append(taken.job)
        return True

    def put_off_cleaning(self) -> None:
        self.cleaning_put_off += 1


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (Snapshot(), 0),
        (Snapshot(workers=(worker("suspended"),)), 0),
        (Snapshot(workers=(worker("idle", listening=False),)), 0),  # Killed: its registration outlives it.
        (Snapshot(workers=(worker("idle"),)), 1),
        (Snapshot(workers=(worker("busy"),), running=(RUNNING,)), 2),
        (Snapshot(running=(RUNNING,)), 1),  # An orphan of a killed worker.
        (Snapshot(workers=(worker("idle"),), taken=(TAKEN,)), 2),
        (Snapshot(workers=(worker("suspended"),), taken=(TAKEN,)), 0),
        (Snapshot(waiting_clients=1), 1),
    ],
)
def test_rest_needs_every_living_worker_to_have_noticed(snapshot: Snapshot, expected: int) -> None:
    assert len(obstacles(snapshot)) == expected


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (Snapshot(taken=(TAKEN,)), (TAKEN,)),
        (Snapshot(taken=(TAKEN,), workers=(worker("suspended"),)), (TAKEN,)),
        (Snapshot(taken=(TAKEN,), workers=(worker("idle"),)), ()),
        (Snapshot(taken=(TAKEN,), waiting_clients=1), ()),
        (Snapshot(taken=(TAKEN,), running=(Running(job="t", queue="default", function="f", lease_ends=9),)), ()),
    ],
)
def test_a_job_is_stranded_only_if_no_worker_can_be_starting_it(
    snapshot: Snapshot, expected: tuple[Taken, ...]
) -> None:
    assert stranded(snapshot) == expected


def test_a_worker_that_lost_its_command_channel_is_named() -> None:
    deaf = worker("idle", name="deaf", listening=False)
    assert obstacles(Snapshot(workers=(deaf,), waiting_clients=1)) == [
        "1 connection(s) wait for a job without listening to commands and have to be restarted: "
        "worker deaf (idle, pid 7 on host)"
    ]


def test_one_process_is_never_woken_twice_and_its_successor_may_be() -> None:
    snapshot = Snapshot(workers=(worker("idle", birth="1"), worker("busy", name="b"), worker("suspended", name="s")))
    assert [entry.name for entry in to_wake(snapshot, woken=frozenset())] == ["w"]
    assert to_wake(snapshot, woken=frozenset({("w", "1")})) == ()
    assert len(to_wake(snapshot, woken=frozenset({("w", "0")}))) == 1


@pytest.mark.parametrize(
    ("claim", "take_over", "expected"),
    [
        (None, False, True),
        (Claim(ME, 5), False, True),
        (Claim(OTHER, 5), True, True),
        (Claim("1", None), False, False),
        (Claim("1", 1000), True, False),
    ],
)
def test_a_persons_suspension_is_respected(claim: Claim | None, take_over: bool, expected: bool) -> None:
    assert must_suspend(claim=claim, holder=ME, ttl=900, take_over=take_over) is expected


@pytest.mark.parametrize(
    ("claim", "message"),
    [(Claim(OTHER, 5), "Another deploy holds the queues: 'deploy:other'"), (Claim("1", 60), "may end in the middle")],
)
def test_a_suspension_of_another_holder_is_in_the_way(claim: Claim, message: str) -> None:
    with pytest.raises(QueueError, match=message):
        must_suspend(claim=claim, holder=ME, ttl=900, take_over=False)


def test_the_wait_wants_rest_three_times_in_a_row() -> None:
    clock, rest = FakeClock(), Snapshot()
    store = FakeStore(rest, rest, Snapshot(running=(RUNNING,)), rest)
    journal = wait_for_rest(store=store, timeout=60, clock=clock)
    assert journal.obstacles == []
    assert journal.jobs == ["job r (send, queue default)"]
    assert journal.waited_seconds == 2.5


def test_a_timeout_names_the_jobs_and_lets_the_workers_go_on() -> None:
    lease, store, clock = FakeLease(), FakeStore(Snapshot(running=(RUNNING,))), FakeClock()
    with pytest.raises(QueueError, match=r"in 30 seconds: job r \(send, queue default\) runs. The queues run again"):
        hold(lease=lease, store=store, holder=ME, ttl=900, timeout=30, take_over=False, clock=clock)
    assert lease.claim() is None
    assert clock.elapsed == 30


def test_a_timeout_of_a_rerun_leaves_the_suspension_that_was_there() -> None:
    lease, store = FakeLease(Claim(ME, 10)), FakeStore(Snapshot(running=(RUNNING,)))
    with pytest.raises(QueueError, match="The queues stay suspended"):
        hold(lease=lease, store=store, holder=ME, ttl=900, timeout=30, take_over=False, clock=FakeClock())
    assert lease.claim() == Claim(ME, 900)


def test_release_returns_stranded_jobs_and_spares_others_suspensions() -> None:
    store = FakeStore(Snapshot(taken=(TAKEN,)))
    assert release(lease=FakeLease(Claim("1", None)), store=store, holder=ME) == (False, [])
    assert release(lease=FakeLease(), store=store, holder=ME) == (False, [])
    assert (store.returned, store.cleaning_put_off) == ([], 0)
    assert release(lease=FakeLease(Claim(ME, 5)), store=store, holder=ME) == (True, ["t"])
    assert (store.returned, store.cleaning_put_off) == (["t"], 1)


def test_a_jobs_function_is_read_without_running_its_pickle() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit",))

    data = pickle.dumps(("letters.send", None, (Bomb(),), {}))
    assert function_name(zlib.compress(data)) == function_name(data) == "letters.send"
    assert function_name(b"") == function_name(b"\xff") == "unknown"


def test_small_readings() -> None:
    assert job_of_execution("a-b:c") == job_of_execution("a-b") == "a-b"
    assert is_live(lease_ends=float("inf"), now=5)
    assert not is_live(lease_ends=4, now=5)
    assert overdue_seconds([4.0, 9.0], now=5) == 1.0
    assert overdue_seconds([], now=5) == overdue_seconds([9.0], now=5) == 0.0


ELSEWHERE = (
    r"2 worker\(s\) run on worker1, and none of them is registered in Redis database 2\. Database 0 has workers\."
)


@pytest.mark.parametrize(
    ("running", "count"),
    [
        ({"rqworker": 2, "other": 1}, 2),
        # A host that is new has none yet.
        ({}, 0),
        # Its supervisor does not answer, or the host is out of reach.
        (None, None),
        ("unknown", None),
    ],
)
def test_a_host_that_cannot_be_asked_has_not_said_that_it_runs_no_worker(running: Any, count: int | None) -> None:
    assert counted({"worker1": running}) == {"worker1": count}


@pytest.mark.parametrize(
    ("workers", "supervised", "others", "complaint"),
    [
        ((), {}, [], ""),
        ((), {"worker1": 0}, [], ""),
        ((worker("idle"),), {"worker1": 1}, [], ""),
        # One that supervisor is just starting is registered before it counts as running.
        ((worker("idle"), worker("suspended")), {"worker1": 1}, [], ""),
        ((), {"worker1": 2}, [0], f"{ELSEWHERE}.*set stage_redis_database: 0 in"),
        ((), {"worker1": 1}, [], "another database, set stage_redis_database in .*on worker1 run: supervisorctl tail"),
        # It has lost its command channel, which the hold tells.
        ((worker("idle", listening=False),), {"worker1": 1}, [], ""),
        ((worker("idle"),), {"worker1": 1, "worker3": None, "worker2": None}, [], "^worker2, worker3 cannot be asked"),
        ((worker("idle"),), {"worker2": 1, "worker1": 1}, [], r"2 worker\(s\) run on worker1, worker2, and 1 of them"),
    ],
)
def test_workers_that_supervisor_runs_and_redis_does_not_know_are_named(
    workers: tuple[Worker, ...], supervised: dict[str, int | None], others: list[int], complaint: str
) -> None:
    told = unseen(Snapshot(workers=workers), supervised=supervised, database=2, others=others)
    assert re.search(complaint, told) if complaint else told == ""
