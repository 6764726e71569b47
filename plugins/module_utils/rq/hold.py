# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Holding the queues: no worker starts a job until they are released, and none runs one.

1. Suspend with a time limit, so that a deploy that dies cannot stop the mail for ever.
2. Wake the workers that block in their dequeue: they would run one more job, and would not look at the suspension
   before that, however long. RQ's own shutdown command ends such a worker at once, its supervisor starts it again,
   and the new process looks at the suspension before anything else.
3. Wait until every worker says `suspended`, no connection blocks in a dequeue and no job runs, several times in a row.
4. On release, put jobs back to the queue that a worker had taken but not started when it was stopped.
   Where a worker of several queues was woken, jobs that RQ has lost by that go back at once: it notes what a worker is
   taking only if that has one queue.
5. Let no worker clean up in the minute after that. All of them do it when they begin, and all begin at this moment: RQ
   before 2 calls a job stuck, and failed, that another worker is just taking (rq#2061).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ansible_collections.carpentries.amy.plugins.module_utils._clock import Clock
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import Claim, Lease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import (
    Snapshot,
    Taken,
    Worker,
    obstacles,
    stranded,
    to_wake,
    unseen,
)

SAMPLE_SECONDS = 0.5
QUIET_SAMPLES = 3
# The clocks of two hosts.
CLOCKS_DIFFER_SECONDS = 60
# A worker that was just started registers within that time.
SEEN_SECONDS = 30


class Store(Protocol):
    """What holding needs of RQ's keys."""

    def snapshot(self) -> Snapshot:
        """The state of now."""

    def wake(self, worker: Worker) -> None:
        """Make a worker look at the suspension."""

    def return_to_queue(self, taken: Taken) -> bool:
        """Put a stranded job back. False if it has been moved meanwhile."""

    def lost(self, *, since: float) -> list[Taken]:
        """The jobs, queued after `since` (Unix seconds), that are in no queue though no worker has started them."""

    def queue_again(self, lost: Taken) -> None:
        """Put a lost job at the head of its queue."""

    def put_off_cleaning(self) -> None:
        """Let no worker clean up for a while."""


class WorkersStore(Protocol):
    """What is needed of RQ's keys to tell whether all workers are there."""

    @property
    def database(self) -> int:
        """The number of the database."""

    def databases_with_workers(self) -> list[int]:
        """The other databases of this Redis in which workers are registered."""

    def snapshot(self) -> Snapshot:
        """The state of now."""


@dataclass
class Journal:
    """What a wait was for: jobs and workers, each once, and the seconds it took."""

    waited_seconds: float = 0.0
    jobs: list[str] = field(default_factory=list)
    woken_workers: list[str] = field(default_factory=list)
    returned_jobs: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    def note(self, snapshot: Snapshot) -> None:
        """Remember the jobs that keep the wait going."""
        for entry in snapshot.running:
            if str(entry) not in self.jobs:
                self.jobs.append(str(entry))


def must_suspend(*, claim: Claim | None, holder: str, ttl: int, take_over: bool) -> bool:
    """Whether the suspension has to be written; False if a person's own suspension covers the whole time.

    Raises QueueError if another holder's claim is in the way.
    """
    if claim is None or claim.holder == holder:
        return True
    if claim.is_a_deploy:
        if take_over:
            return True
        raise QueueError(
            f"Another deploy holds the queues: {claim}. If it no longer runs, free its deploy lock "
            "(`make unlock STAGE=<stage>`) and run the same command again."
        )
    if claim.seconds_left is not None and claim.seconds_left < ttl:
        raise QueueError(
            f"The queues are suspended: {claim}, which may end in the middle of the deploy ({ttl} seconds). "
            "Let it end, or resume the workers (rq resume --url ...), and run the same command again."
        )
    return False


def suspend(*, lease: Lease, holder: str, ttl: int, take_over: bool) -> bool:
    """Write or prolong the suspension. True if the queues were not held by `holder` before.

    Raises QueueError if another holder has them.
    """
    claim = lease.claim()
    if not must_suspend(claim=claim, holder=holder, ttl=ttl, take_over=take_over):
        return False
    if claim is None:
        done = lease.take(holder=holder, seconds=ttl)
    else:
        done = lease.replace(expected=claim.holder, holder=holder, seconds=ttl)
    if not done:
        raise QueueError("Another program suspended or resumed the queues at this moment. Run the same command again.")
    return claim is None or claim.holder != holder


def wait_for_rest(*, store: Store, timeout: int, clock: Clock) -> Journal:
    """Wait until no job runs and none can start.

    A journal with obstacles means that `timeout` seconds were not enough.
    """
    journal, woken, quiet, start = Journal(), frozenset[tuple[str, str]](), 0, clock.monotonic()
    began, may_lose = clock.now().timestamp(), False
    while True:
        snapshot = store.snapshot()
        journal.note(snapshot)
        journal.obstacles = obstacles(snapshot)
        journal.waited_seconds = round(clock.monotonic() - start, 1)
        quiet = 0 if journal.obstacles else quiet + 1
        if quiet == QUIET_SAMPLES or (journal.obstacles and journal.waited_seconds >= timeout):
            if may_lose and not journal.obstacles:
                journal.returned_jobs = _queue_lost_again(store, since=began - CLOCKS_DIFFER_SECONDS)
            return journal
        for worker in to_wake(snapshot, woken=woken):
            store.wake(worker)
            woken |= {(worker.name, worker.birth)}
            journal.woken_workers.append(worker.name)
            may_lose = may_lose or len(worker.queues) > 1
        clock.sleep(SAMPLE_SECONDS)


def _queue_lost_again(store: Store, *, since: float) -> list[str]:
    lost = store.lost(since=since)
    for job in lost:
        store.queue_again(job)
    return [job.job for job in lost]


def require_all_workers(
    *, store: WorkersStore, supervised: Mapping[str, int | None], clock: Clock, timeout: int = SEEN_SECONDS
) -> None:
    """Wait until Redis knows as many workers as supervisor runs, which `supervised` counts by host.

    Raises QueueError after `timeout` seconds: the hold would not stop a worker that is registered elsewhere.
    """
    start = clock.monotonic()
    while True:
        others = store.databases_with_workers()
        complaint = unseen(store.snapshot(), supervised=supervised, database=store.database, others=others)
        if not complaint:
            return
        if clock.monotonic() - start >= timeout:
            raise QueueError(complaint)
        clock.sleep(SAMPLE_SECONDS)


def hold(*, lease: Lease, store: Store, holder: str, ttl: int, timeout: int, take_over: bool, clock: Clock) -> Journal:
    """Suspend and wait for rest. Raises QueueError, with the queues running again, if it does not come in time."""
    was_taken = suspend(lease=lease, holder=holder, ttl=ttl, take_over=take_over)
    journal = wait_for_rest(store=store, timeout=timeout, clock=clock)
    if journal.obstacles:
        if was_taken:
            release(lease=lease, store=store, holder=holder)
        raise QueueError(
            f"The queues did not come to rest in {timeout} seconds: {'; '.join(journal.obstacles)}. "
            f"{'The queues run again' if was_taken else 'The queues stay suspended'}. Let these jobs end, then run the "
            "same command again. On a worker host, `supervisorctl tail rqworker:rqworker-0` shows what a worker does, "
            "and `supervisorctl restart rqworker:*` renews the workers, each after its job."
        )
    return journal


def release(*, lease: Lease, store: Store, holder: str) -> tuple[bool, list[str]]:
    """End `holder`'s suspension: whether it was there, and the jobs that went back to their queue.

    A suspension by another holder stays, and so do jobs that are stranded under it.
    """
    claim = lease.claim()
    if claim is None or claim.holder != holder:
        return False, []
    # Before the workers go on: RQ 1.15 would mark such a job as failed when the first worker cleans up.
    returned = [taken.job for taken in stranded(store.snapshot()) if store.return_to_queue(taken)]
    store.put_off_cleaning()
    return lease.give_up(expected=holder), returned
