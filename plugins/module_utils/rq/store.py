# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading RQ's keys, raw.

RQ's own classes are not used: `Job.fetch` executes the pickle, and listing scheduled jobs deletes entries.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Callable

from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside import ASIDE_PREFIX, TAKEN, Place
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import WatchError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import (
    JOB_KEYS,
    SCHEDULED_KEY,
    entries,
    function_name,
    in_database,
    job_of_execution,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_since import WaitingJob
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import (
    DEQUEUE_COMMANDS,
    Running,
    Snapshot,
    Taken,
    Worker,
    is_live,
)

JOB_PREFIX = "rq:job:"
WORKERS_KEY = "rq:workers"
CHANNEL = "rq:pubsub:"
CLEANING_PAUSE_SECONDS = 60
WORKER_FIELDS = ("hostname", "pid", "state", "birth", "current_job", "last_heartbeat", "queues")


class RqStore:
    """RQ's keys in one Redis database. `now` is the time of day in Unix seconds."""

    def __init__(self, *, client: Any, queues: list[str], now: Callable[[], float]) -> None:
        self._client = client
        self._queues = list(queues)
        self._now = now

    def snapshot(self) -> Snapshot:
        """The state of workers, started jobs and taken jobs, read in one transaction."""
        # A worker that lives is listening, even where its registration has been lost.
        channels = _texts(self._client.pubsub_channels(f"{CHANNEL}*"))
        listening = {f"rq:worker:{channel.partition(CHANNEL)[2]}" for channel in channels}
        worker_keys = sorted(listening.union(_texts(self._client.smembers(WORKERS_KEY))))
        self._add_queues_of(worker_keys)
        with self._client.pipeline(transaction=True) as pipeline:
            for key in worker_keys:
                pipeline.hmget(key, WORKER_FIELDS)
            for queue in self._queues:
                pipeline.zrange(f"rq:wip:{queue}", 0, -1, withscores=True)
                pipeline.lrange(f"rq:queue:{queue}:intermediate", 0, -1)
            answers = pipeline.execute()
        hashes, lists = answers[: len(worker_keys)], answers[len(worker_keys) :]
        started = dict(zip(self._queues, lists[0::2]))
        taken = dict(zip(self._queues, lists[1::2]))
        return Snapshot(
            workers=self._workers(worker_keys, hashes),
            running=tuple(
                self._running(job_of_execution(member), queue, score)
                for queue, members in started.items()
                for member, score in _scored(members)
                if is_live(lease_ends=score, now=self._now())
            ),
            taken=tuple(Taken(job=job, queue=queue) for queue, jobs in taken.items() for job in _texts(jobs)),
            waiting_clients=self._waiting_clients(),
        )

    @property
    def database(self) -> int:
        """The number of the database."""
        return int(self._client.connection_pool.connection_kwargs.get("db") or 0)

    def databases_with_workers(self) -> list[int]:
        """The other databases of this Redis in which workers are registered."""
        found = []
        for name in self._client.info("keyspace"):
            number = int(name[2:])
            with in_database(self._client, number) as other:
                if number != self.database and other.scard(WORKERS_KEY):
                    found.append(number)
        return found

    def wake(self, worker: Worker) -> None:
        """Tell `worker` to stop as RQ's own shutdown command does: after its job, if it has one."""
        self._client.publish(f"{CHANNEL}{worker.name}", json.dumps({"command": "shutdown"}))

    def return_to_queue(self, taken: Taken) -> bool:
        """Put a stranded job back to the head of its queue. False if it was moved meanwhile."""
        key = f"rq:queue:{taken.queue}:intermediate"
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.watch(key)
            if taken.job not in _texts(pipeline.lrange(key, 0, -1)):
                return False
            pipeline.multi()
            pipeline.lrem(key, 1, taken.job)
            pipeline.lpush(f"rq:queue:{taken.queue}", taken.job)
            try:
                pipeline.execute()
            except WatchError:
                return False
        return True

    def lost(self, *, since: float) -> list[Taken]:
        """The jobs, queued after `since` (Unix seconds), that are in no queue: a worker of several took them and ended.

        True only while no worker takes jobs: RQ has no list of those that such a worker is just taking.
        """
        keys = _texts(self._client.scan_iter(match=f"{JOB_PREFIX}*", count=1000))
        with self._client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.hmget(key, "status", "origin", "enqueued_at")
            # What depends on a job has a key of another type.
            found = zip(keys, pipeline.execute(raise_on_error=False))
        queued = {
            key[len(JOB_PREFIX) :]: origin.decode()
            for key, (status, origin, at) in ((key, values) for key, values in found if isinstance(values, list))
            if status == b"queued" and origin and origin.decode() in self._queues and _seconds(at) >= since
        }
        # What has been queued meanwhile is there by now.
        placed = {job for _kind, _key, job, _score in entries(self._client, self._queues)}
        return [Taken(job=job, queue=queue) for job, queue in queued.items() if job not in placed]

    def queue_again(self, lost: Taken) -> None:
        """Put a lost job at the head of its queue."""
        with self._client.pipeline(transaction=True) as pipeline:
            key = f"rq:queue:{lost.queue}"
            pipeline.lpush(key, lost.job).sadd("rq:queues", key).execute()

    def put_off_cleaning(self) -> None:
        """Let no worker clean up for a minute, by the lock that RQ has for it; one that lasts longer is left alone."""
        for queue in self._queues:
            key = f"rq:clean_registries:{queue}"
            if self._client.ttl(key) < CLEANING_PAUSE_SECONDS:
                self._client.set(key, 1, ex=CLEANING_PAUSE_SECONDS)

    def members(self, key: str) -> list[dict[str, Any]]:
        """Ids and scores of the sorted set at `key`, lowest score first."""
        return [{"id": job, "score": score} for job, score in _scored(self._client.zrange(key, 0, -1, withscores=True))]

    def ids(self, key: str) -> list[str]:
        """The ids in the list at `key`, in its order."""
        return _texts(self._client.lrange(key, 0, -1))

    def due(self, key: str) -> frozenset[str]:
        """The ids in the sorted set at `key` whose time has come."""
        return frozenset(_texts(self._client.zrangebyscore(key, 0, self._now())))

    def waiting_jobs(self) -> list[WaitingJob]:
        """Every job that will run, each once."""
        places = {
            job: (key, score if kind.is_timed else None)
            for kind, key, job, score in entries(self._client, self._queues)
            if kind.runs
        }
        return [self._waiting_job(job, *place) for job, place in places.items()]

    def places(self) -> dict[str, list[Place]]:
        """Where each job is that no worker has in hand, by its id."""
        found: dict[str, list[Place]] = {}
        busy: set[str] = set()
        for kind, key, job, score in entries(self._client, self._queues):
            if kind.in_hand:
                busy.add(job)
            else:
                found.setdefault(job, []).append(Place(key, score))
        return {job: places for job, places in found.items() if job not in busy}

    def registries(self, queue: str) -> dict[str, list[Any]]:
        """The jobs of a queue in each state: ids, with their scores where there are any."""
        return {
            kind.state: self.ids(key) if kind.is_list else self.members(key)
            for kind in JOB_KEYS
            for key in kind.of([queue])
            if key != SCHEDULED_KEY
        }

    def schedulers(self) -> list[dict[str, Any]]:
        """The schedulers that live, with the seconds until their registration ends unless they renew it.

        One that was stopped notes its death (`register_death` of rq-scheduler) and leaves its key for another minute.
        One that was killed cannot: it counts until its registration ends, its interval and 10 s after its last tick.
        """
        keys = sorted(_texts(self._client.scan_iter(match="rq:scheduler_instance:*", count=500)))
        living = [key for key in keys if not self._client.hexists(key, "death")]
        return [{"name": key.rpartition(":")[2], "seconds_left": self._client.ttl(key)} for key in living]

    def aside(self) -> dict[str, int]:
        """How many jobs are aside in each set that this Redis knows."""
        keys = sorted(_texts(self._client.scan_iter(match=f"{ASIDE_PREFIX}*", count=500)))
        return {key[len(ASIDE_PREFIX) :]: self._client.hvals(key).count(TAKEN.encode()) for key in keys}

    def _add_queues_of(self, worker_keys: list[str]) -> None:
        """Look at what workers take jobs from, too: those of an earlier release may have other queues."""
        for key in worker_keys:
            named = (self._client.hget(key, "queues") or b"").decode(errors="replace").split(",")
            self._queues += [queue for queue in named if queue and queue not in self._queues]

    def _workers(self, keys: list[str], hashes: list[list[bytes | None]]) -> tuple[Worker, ...]:
        names = [key.partition("rq:worker:")[2] for key in keys]
        listeners = dict(self._client.pubsub_numsub(*(f"{CHANNEL}{name}" for name in names))) if names else {}
        return tuple(
            _worker(name, dict(zip(WORKER_FIELDS, values)), listeners.get(f"{CHANNEL}{name}".encode(), 0) > 0)
            for name, values in zip(names, hashes)
            if any(values)  # Without its hash it is only a name that RQ has not cleaned up yet.
        )

    def _running(self, job: str, queue: str, lease_ends: float) -> Running:
        data = self._client.hget(f"rq:job:{job}", "data")
        return Running(job=job, queue=queue, function=function_name(data or b""), lease_ends=lease_ends)

    def _waiting_job(self, job: str, where: str, at: float | None) -> WaitingJob:
        data, created = self._client.hmget(f"rq:job:{job}", ["data", "created_at"])
        return WaitingJob(
            id=job, where=where, function=function_name(data or b""), created=(created or b"").decode(), at=at
        )

    def _waiting_clients(self) -> int:
        return sum(
            1
            for client in self._client.client_list()
            if "b" in client["flags"]
            and client["db"] == str(self.database)
            and client["cmd"].lower() in DEQUEUE_COMMANDS
        )


def _worker(name: str, fields: dict[str, bytes | None], listening: bool) -> Worker:
    text = {key: (value or b"").decode(errors="replace") for key, value in fields.items()}
    return Worker(
        name=name,
        hostname=text["hostname"],
        pid=int(text["pid"]) if text["pid"].isdigit() else None,
        state=text["state"],
        birth=text["birth"],
        current_job=text["current_job"] or None,
        last_heartbeat=text["last_heartbeat"],
        listening=listening,
        queues=tuple(queue for queue in text["queues"].split(",") if queue),
    )


def _seconds(at: bytes | None) -> float:
    """RQ's time as Unix seconds; 0 if there is none."""
    try:
        return datetime.fromisoformat((at or b"").decode().replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def _texts(values: Any) -> list[str]:
    return [value.decode(errors="replace") for value in values]


def _scored(members: Any) -> list[tuple[str, float]]:
    return [(member.decode(errors="replace"), score) for member, score in members]
