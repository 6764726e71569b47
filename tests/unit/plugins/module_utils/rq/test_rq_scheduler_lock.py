# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking the scheduler's lock, without Redis; and the lease itself, on a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import Claim, RedisLease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.scheduler_lock import Acquired, acquire

from tests.unit.plugins.module_utils.fake_clock import FakeClock
from tests.unit.plugins.module_utils.rq.fake_lease import FakeLease

if TYPE_CHECKING:
    from collections.abc import Callable

ME, OTHER = "deploy:me", "deploy:other"


def taken(
    lease: FakeLease,
    *,
    due: Callable[[], frozenset[str]] = frozenset,
    take_over: bool = False,
    timeout: int = 120,
    clock: FakeClock | None = None,
) -> Acquired:
    return acquire(
        lease=lease, due=due, holder=ME, ttl=600, timeout=timeout, take_over=take_over, clock=clock or FakeClock()
    )


def test_a_free_lock_is_taken_at_once() -> None:
    lease = FakeLease()
    assert taken(lease) == Acquired(changed=True, waited_seconds=1.5, taken_from=None)
    assert lease.claim() == Claim(ME, 600)


def test_our_own_lock_is_prolonged() -> None:
    lease = FakeLease(Claim(ME, 3))
    assert not taken(lease).changed
    assert lease.claim() == Claim(ME, 600)


def test_a_schedulers_tick_is_waited_for() -> None:
    lease, clock = FakeLease(Claim("1700000000.5", 70)), FakeClock()

    def due() -> frozenset[str]:
        if clock.elapsed == 10:
            lease.give_up(expected="1700000000.5")
        return frozenset()

    assert taken(lease, due=due, clock=clock).changed
    assert 10 < clock.elapsed < 15


def test_a_tick_that_outlasted_its_lock_is_waited_for_and_its_theft_repaired() -> None:
    lease, clock = FakeLease(), FakeClock()
    jobs = {str(number) for number in range(20)}

    def due() -> frozenset[str]:
        if clock.elapsed < 10:
            jobs.discard(str(int(clock.elapsed * 2)))
        if clock.elapsed == 10:
            lease.give_up(expected=ME)  # The tick ends and deletes the lock of any holder.
        return frozenset(jobs)

    assert taken(lease, due=due, clock=clock).waited_seconds > 10
    assert lease.claim() == Claim(ME, 600)


def test_a_dead_deploys_lock_is_taken_over_only_when_asked() -> None:
    lease = FakeLease(Claim(OTHER, 500))
    with pytest.raises(
        QueueError, match="Another deploy has held the scheduler's lock for 120 seconds: 'deploy:other'"
    ):
        taken(lease)
    assert taken(lease, take_over=True).taken_from == OTHER
    assert lease.claim() == Claim(ME, 600)


def test_a_lock_that_stays_taken_is_named() -> None:
    with pytest.raises(QueueError, match=r"A scheduler has held its lock for 120 seconds: '17'"):
        taken(FakeLease(Claim("17", 70)), take_over=True)


def test_a_tick_without_end_frees_the_lock_again() -> None:
    lease, clock = FakeLease(), FakeClock()
    with pytest.raises(QueueError, match="due jobs kept leaving the schedule"):
        taken(lease, due=lambda: frozenset({str(clock.elapsed)}), clock=clock)
    assert lease.claim() is None


def test_the_lease_in_redis_compares_before_it_changes(redis_client: Any) -> None:
    lease = RedisLease(client=redis_client, key="rq:lease")
    assert lease.claim() is None
    assert lease.take(holder=ME, seconds=60)
    assert not lease.take(holder=OTHER, seconds=60)
    assert not lease.give_up(expected=OTHER)
    assert not lease.replace(expected=OTHER, holder=OTHER, seconds=60)
    assert lease.claim() == Claim(ME, 60)
    assert lease.replace(expected=ME, holder=OTHER, seconds=30)
    assert lease.claim() == Claim(OTHER, 30)
    assert lease.give_up(expected=OTHER)
    redis_client.set("rq:lease", "1")
    assert lease.claim() == Claim("1", None)
