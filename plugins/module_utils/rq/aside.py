# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Taking jobs out of RQ's keys, whole, and putting them back where they were.

A set of jobs has a name. Its file, which the stage's bucket keeps, holds the jobs. The Redis hash `rq:aside:<name>`
says of each id how far it is, and is written in the transaction that moves the job. So a run that is cut off leaves
each job in one place, and none runs twice: `copied` jobs are still where they were, `taken` ones are in the file only,
`restored` ones are back. A job that the hash does not name was taken out of a Redis that is gone: it is aside.

The application's Redis user may run no Lua, and no RESTORE: hence WATCH and MULTI, and a command for each type of key.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import WatchError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import kind_of

ASIDE_PREFIX = "rq:aside:"
COPIED, TAKEN, RESTORED = "copied", "taken", "restored"
FORMAT = 1
# Others write to the same lists and schedules; each attempt looks at them again.
ATTEMPTS = 50


@dataclass(frozen=True)
class Place:
    """A list (`score` is None) or a sorted set that has the job's id."""

    key: str
    score: float | None


@dataclass(frozen=True)
class Key:
    """A Redis key as it was. `content` is in the order of the commands that write it, bytes in base64.

    `ttl` is in milliseconds, None for ever; it stands still while the job is aside.
    """

    name: str
    kind: str
    content: list[list[Any]]
    ttl: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class KeptJob:
    """A job: its places, and its own keys."""

    id: str
    places: list[Place]
    keys: list[Key]

    def field(self, name: str) -> str | None:
        """A field of the job's hash in base64; None if it has none."""
        fields = dict(pair for key in self.keys if key.name == f"rq:job:{self.id}" for pair in key.content)
        return fields.get(_encoded(name.encode()))


def keys_of(job: str) -> list[str]:
    """The keys that a job has besides its places: itself, those that wait for it and it waits for, its results."""
    # The two colons are RQ's own.
    return [f"rq:job:{job}", f"rq:job:{job}:dependents", f"rq:job::{job}:dependencies", f"rq:results:{job}"]


def read_job(client: Any, job: str, *, places: Sequence[Place]) -> KeptJob | None:
    """A job as it is now, if it is at each of `places`; None if it is not, or has no data."""
    if not all(_is_at(client, job, place) for place in places):
        return None
    keys = [key for name in keys_of(job) if (key := _read_key(client, name))]
    return KeptJob(job, list(places), keys) if keys and keys[0].name == f"rq:job:{job}" else None


def mark_copied(client: Any, *, name: str, jobs: Iterable[str]) -> None:
    """Note that a file is about to have these jobs. Raises QueueError if there has been such a set."""
    if client.exists(ASIDE_PREFIX + name):
        raise QueueError(f"There is a set {name} already. Run the same command again, which gives it another name.")
    client.hset(ASIDE_PREFIX + name, mapping=dict.fromkeys(jobs, COPIED))


def take_out(client: Any, job: KeptJob, *, name: str) -> bool:
    """Remove a job from Redis. False if it is no longer as it was read: it has been moved or changed meanwhile."""
    for _attempt in range(ATTEMPTS):
        with client.pipeline(transaction=True) as pipeline:
            pipeline.watch(*keys_of(job.id), *(place.key for place in job.places))
            if read_job(pipeline, job.id, places=job.places) != job:
                return False
            pipeline.multi()
            for place in job.places:
                if place.score is None:
                    pipeline.lrem(place.key, 1, job.id)
                else:
                    pipeline.zrem(place.key, job.id)
            pipeline.delete(*(key.name for key in job.keys))
            pipeline.hset(ASIDE_PREFIX + name, job.id, TAKEN)
            try:
                pipeline.execute()
            except WatchError:
                continue
        return True
    return False


def standing(client: Any, *, name: str) -> dict[str, str]:
    """How far each job of a set is, by its id; empty if this Redis knows nothing of the set."""
    return {job.decode(): how.decode() for job, how in client.hgetall(ASIDE_PREFIX + name).items()}


def is_aside(job: str, *, known: Mapping[str, str]) -> bool:
    """Whether a job is in the file of its set only, by the `standing` of the set: one that it does not name is."""
    return known.get(job, TAKEN) == TAKEN


def put_back(client: Any, job: KeptJob, *, name: str) -> bool:
    """Put a job where it was; at the head of its queue, for it is older than what is there. False if its id is used."""
    for _attempt in range(ATTEMPTS):
        with client.pipeline(transaction=True) as pipeline:
            pipeline.watch(f"rq:job:{job.id}", ASIDE_PREFIX + name)
            if pipeline.exists(f"rq:job:{job.id}"):
                return False
            # Another restore may have been quicker, and its job have ended.
            if (pipeline.hget(ASIDE_PREFIX + name, job.id) or TAKEN.encode()) != TAKEN.encode():
                return False
            pipeline.multi()
            for key in job.keys:
                _write_key(pipeline, key)
            for place in job.places:
                if place.score is not None:
                    pipeline.zadd(place.key, {job.id: place.score})
                    continue
                pipeline.lpush(place.key, job.id)
                # RQ removes the name of a queue that is empty.
                pipeline.sadd("rq:queues", place.key)
            pipeline.hset(ASIDE_PREFIX + name, job.id, RESTORED)
            try:
                pipeline.execute()
            except WatchError:
                continue
        return True
    return False


def written(jobs: Sequence[KeptJob], *, name: str, made: str) -> bytes:
    """The file of a set; `made` is the time in ISO 8601."""
    return json.dumps({"format": FORMAT, "name": name, "made": made, "jobs": [asdict(job) for job in jobs]}).encode()


def read(body: bytes, *, name: str) -> list[KeptJob]:
    """The jobs in the file of a set. Raises QueueError if it is no such file, or another set's."""
    try:
        file = json.loads(body)
        if file["format"] != FORMAT or file["name"] != name:
            raise ValueError(f"format {file['format']}, name {file['name']}")
        return [_read_kept(job) for job in file["jobs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise QueueError(f"{name} is no file of jobs that were moved aside: {error}") from error


def _read_kept(job: dict[str, Any]) -> KeptJob:
    places = [_checked_place(Place(**place)) for place in job["places"]]
    return KeptJob(job["id"], places, [_checked_key(job["id"], key) for key in job["keys"]])


def _checked_place(place: Place) -> Place:
    # A file from a bucket puts its jobs into RQ's own places only.
    kind = kind_of(place.key)
    if kind.in_hand or (place.score is None) != kind.is_list:
        raise ValueError(f"it has place {place.key!r}")
    return place


def _checked_key(job: str, key: dict[str, Any]) -> Key:
    # A file from a bucket writes to no other key than those of its jobs.
    if key["name"] not in keys_of(job) or key["kind"] not in _READERS:
        raise ValueError(f"it has key {key['name']!r} of kind {key['kind']!r}")
    return Key(**key)


def _is_at(client: Any, job: str, place: Place) -> bool:
    if place.score is None:
        # By its name: the oldest client has no method for it.
        return client.execute_command("LPOS", place.key, job) is not None
    return bool(client.zscore(place.key, job) == place.score)


def _read_key(client: Any, name: str) -> Key | None:
    kind = client.type(name).decode()
    if kind not in _READERS:
        return None
    ttl = client.pttl(name)
    return Key(name, kind, _READERS[kind](client, name), ttl if ttl >= 0 else None)


def _read_hash(client: Any, name: str) -> list[list[Any]]:
    return sorted([_encoded(key), _encoded(value)] for key, value in client.hgetall(name).items())


def _read_set(client: Any, name: str) -> list[list[Any]]:
    return sorted([_encoded(member)] for member in client.smembers(name))


def _read_stream(client: Any, name: str) -> list[list[Any]]:
    return [
        [entry.decode(), *(_encoded(part) for pair in fields.items() for part in pair)]
        for entry, fields in client.xrange(name)
    ]


_READERS = {"hash": _read_hash, "set": _read_set, "stream": _read_stream}


def _write_key(pipeline: Any, key: Key) -> None:
    for parts in key.content:
        if key.kind == "hash":
            pipeline.hset(key.name, _decoded(parts[0]), _decoded(parts[1]))
        elif key.kind == "set":
            pipeline.sadd(key.name, _decoded(parts[0]))
        else:
            fields = [_decoded(part) for part in parts[1:]]
            pipeline.xadd(key.name, dict(zip(fields[0::2], fields[1::2])), id=parts[0])
    if key.ttl is not None:
        pipeline.pexpire(key.name, key.ttl)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decoded(value: str) -> bytes:
    return base64.b64decode(value)
