# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RQ's state at one moment, and what can be concluded from it. Pure: nothing here speaks to Redis.

Key names and their meaning are those of RQ 1.15 to 2.x.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

SUSPENSION_KEY = "rq:suspended"
# The name that role rq_worker gives its workers at supervisor.
PROGRAM = "rqworker"
SCHEDULER_LOCK_KEY = "rq:scheduler_lock"
DEQUEUE_COMMANDS = frozenset({"blmove", "blpop", "brpop", "brpoplpush"})


@dataclass(frozen=True)
class Worker:
    """A worker as it has registered itself. `listening`: its process is connected to its command channel.

    `queues` are those that it takes jobs from.
    """

    name: str
    hostname: str
    pid: int | None
    state: str
    birth: str
    current_job: str | None
    last_heartbeat: str
    listening: bool
    queues: tuple[str, ...] = ()

    @property
    def is_suspended(self) -> bool:
        """Whether it has seen the suspension: it then holds no job and takes none."""
        return self.state == "suspended"

    def __str__(self) -> str:
        return f"worker {self.name} ({self.state}, pid {self.pid} on {self.hostname or 'unknown host'})"


@dataclass(frozen=True)
class Running:
    """A job that a worker has started, and whose lease (renewed while it runs) has not ended."""

    job: str
    queue: str
    function: str
    lease_ends: float

    def __str__(self) -> str:
        return f"job {self.job} ({self.function}, queue {self.queue})"


@dataclass(frozen=True)
class Taken:
    """A job that a worker has taken off its queue but not started: a matter of milliseconds, or of a dead worker."""

    job: str
    queue: str

    def __str__(self) -> str:
        return f"job {self.job} (taken from queue {self.queue}, not started)"


@dataclass(frozen=True)
class Snapshot:
    """Everything that says whether a job runs or is about to.

    `waiting_clients` counts all connections that block in a dequeue.
    """

    workers: tuple[Worker, ...] = ()
    running: tuple[Running, ...] = ()
    taken: tuple[Taken, ...] = ()
    waiting_clients: int = 0


def is_live(*, lease_ends: float, now: float) -> bool:
    """Whether an entry of the started registry is a running job: RQ renews the lease of one that runs.

    Times are Unix seconds. RQ writes the lease's end, or infinity for a job without a time limit.
    """
    return lease_ends > now


def stranded(snapshot: Snapshot) -> tuple[Taken, ...]:
    """The jobs that were taken by a worker that no longer lives: no worker will start them.

    Certain only when no living worker can be between taking and starting, which a suspended worker never is;
    until then the answer is empty. A worker that stopped in that moment was interrupted before it started the job,
    because RQ starts a job and takes it off this list in one transaction.
    """
    if snapshot.waiting_clients or any(worker.listening and not worker.is_suspended for worker in snapshot.workers):
        return ()
    return tuple(taken for taken in snapshot.taken if not _runs(taken, snapshot))


def obstacles(snapshot: Snapshot) -> list[str]:
    """Why the queues are not at rest yet, a phrase each; empty when no job runs and none can start.

    Neither an empty registry nor a worker's state `idle` says so: a worker that blocks in its dequeue does not look
    at the suspension before it has run one more job. Hence each living worker has to say `suspended`, and no
    connection at all may block in a dequeue.
    """
    never_started = stranded(snapshot)
    reasons = [f"{running} runs" for running in snapshot.running]
    reasons += [str(taken) for taken in snapshot.taken if taken not in never_started and not _runs(taken, snapshot)]
    reasons += [
        f"{worker} has not noticed the suspension"
        for worker in snapshot.workers
        if worker.listening and not worker.is_suspended
    ]
    if not reasons and snapshot.waiting_clients:
        deaf = [str(worker) for worker in snapshot.workers if not worker.listening and worker.state == "idle"]
        reasons.append(
            f"{snapshot.waiting_clients} connection(s) wait for a job without listening to commands and have to be "
            f"restarted{': ' + ', '.join(deaf) if deaf else ''}"
        )
    return reasons


def to_wake(snapshot: Snapshot, *, woken: frozenset[tuple[str, str]]) -> tuple[Worker, ...]:
    """The workers that block in their dequeue and have not been woken.

    `woken` holds name and birth of those that have been. One process must never be told twice: RQ takes the second
    for "do not wait for the job".
    """
    return tuple(
        worker
        for worker in snapshot.workers
        if worker.listening and worker.state == "idle" and (worker.name, worker.birth) not in woken
    )


def counted(running: Mapping[str, Any]) -> dict[str, int | None]:
    """How many workers supervisor runs, by host; None for a host that could not be asked.

    `running` has for each host what the module host_status says, and anything but a dictionary where it says nothing.
    """
    return {
        host: int(programs.get(PROGRAM, 0)) if isinstance(programs, Mapping) else None
        for host, programs in running.items()
    }


def unseen(snapshot: Snapshot, *, supervised: Mapping[str, int | None], database: int, others: Collection[int]) -> str:
    """Why the workers that supervisor runs are not those that Redis knows; empty if it knows as many.

    `supervised` counts them by host, as `counted` does. `database` is the one that was asked, `others` those that have
    workers, too.
    """
    if silent := sorted(host for host, count in supervised.items() if count is None):
        return (
            f"{', '.join(silent)} cannot be asked how many workers run there, and the hold might not stop them: SSH "
            f"does not reach the host, or its supervisor does not answer. On {silent[0]} run: systemctl status "
            "supervisor; supervisorctl status. If the instance is ill (aws ec2 describe-instance-status), bring it "
            "back or terminate it. Then run the same command again"
        )
    running = {host: count for host, count in supervised.items() if count}
    # The hold itself names a worker that does not listen to commands.
    wanted, seen = sum(running.values()), len(snapshot.workers)
    if seen >= wanted:
        return ""
    where = ", ".join(sorted(running))
    told = (
        f"{wanted} worker(s) run on {where}, and {seen or 'none'} of them is registered in Redis database {database}. "
    )
    if others:
        numbers = " and ".join(map(str, sorted(others)))
        told += f"Database {numbers} has workers. If that is the application's, set stage_redis_database: {min(others)}"
    else:
        told += "If the application's queues are in another database, set stage_redis_database"
    return (
        f"{told} in the stage's inventory, and run the same command again. If they have only lost Redis, on "
        f"{min(running)} run: supervisorctl tail rqworker:rqworker-0. If a release is to use another database than "
        "they do, stop them first, on each of these hosts: supervisorctl stop rqworker:*"
    )


def overdue_seconds(scores: list[float], *, now: float) -> float:
    """How long the oldest of the scheduled times has passed, in seconds; 0 if none has. All are Unix seconds."""
    return max(0.0, round(now - min(scores), 1)) if scores else 0.0


def _runs(taken: Taken, snapshot: Snapshot) -> bool:
    # RQ 1 lets an id hold a colon; `job_of_execution` then gives only its beginning.
    return any(taken.job == running.job or taken.job.startswith(f"{running.job}:") for running in snapshot.running)
