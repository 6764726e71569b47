# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stopping rq-scheduler between two ticks.

A scheduler that is stopped in a tick has enqueued a job and not yet taken it off its schedule (it will run twice), or
taken a repeating job off and not yet put it back (it is lost). A tick needs the scheduler's lock; its holder may
stop the scheduler. A tick that outlasts its own lock (interval + 10 seconds) is in flight although the lock is free,
and deletes whatever lock there is when it ends: so the schedule has to be seen standing still under our own lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.carpentries.amy.plugins.module_utils._clock import Clock
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import Claim, Lease

SAMPLE_SECONDS = 0.5
STILL_SAMPLES = 3


@dataclass(frozen=True)
class Acquired:
    """How the lock was had. `taken_from` is the dead deploy that had it, if one did."""

    changed: bool
    waited_seconds: float
    taken_from: str | None


def may_have(*, claim: Claim, holder: str, take_over: bool) -> bool:
    """Whether `holder` may replace `claim`: its own, or a dead deploy's. A scheduler's is waited for."""
    return claim.holder == holder or (take_over and claim.is_a_deploy)


def acquire(
    *,
    lease: Lease,
    due: Callable[[], frozenset[str]],
    holder: str,
    ttl: int,
    timeout: int,
    take_over: bool,
    clock: Clock,
) -> Acquired:
    """Take the lock, and wait until no tick is in flight. `due` lists the scheduled jobs whose time has come.

    Raises QueueError if `timeout` seconds were not enough.
    """
    start = clock.monotonic()
    before = lease.claim()
    still, last_due = 0, None
    while still < STILL_SAMPLES:
        held, claim = _try(lease=lease, holder=holder, ttl=ttl, take_over=take_over)
        now_due = due()
        still = still + 1 if held and now_due == last_due else 0
        last_due = now_due if held else None
        if still == STILL_SAMPLES:
            break
        if clock.monotonic() - start >= timeout:
            if held:
                lease.give_up(expected=holder)
            raise QueueError(_too_late(claim=claim, held=held, timeout=timeout))
        clock.sleep(SAMPLE_SECONDS)
    taken_from = before.holder if before and before.is_a_deploy and before.holder != holder else None
    return Acquired(
        changed=before is None or before.holder != holder,
        waited_seconds=round(clock.monotonic() - start, 1),
        taken_from=taken_from,
    )


def _try(*, lease: Lease, holder: str, ttl: int, take_over: bool) -> tuple[bool, Claim | None]:
    """Whether `holder` has the lock now, and who has it otherwise."""
    if lease.take(holder=holder, seconds=ttl):
        return True, None
    claim = lease.claim()
    if claim is not None and may_have(claim=claim, holder=holder, take_over=take_over):
        return lease.replace(expected=claim.holder, holder=holder, seconds=ttl), claim
    return False, claim


def _too_late(*, claim: Claim | None, held: bool, timeout: int) -> str:
    if held:
        return (
            f"The scheduler's lock was free, but due jobs kept leaving the schedule for {timeout} seconds: a tick is "
            "in flight. Run the same command again when it has ended."
        )
    if claim is not None and claim.is_a_deploy:
        return (
            f"Another deploy has held the scheduler's lock for {timeout} seconds: {claim}. If it no longer runs, "
            "run the same command again: the deploy lock decides who goes on."
        )
    return (
        f"A scheduler has held its lock for {timeout} seconds: {claim or 'it changed hands all the time'}. Its tick "
        "takes longer than that, or more than one scheduler runs. See its log (rqscheduler.log), then run the same "
        "command again."
    )
