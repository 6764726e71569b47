# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load every job with a release's own code, and tell its queues: a program of the release (_release_program.py).

The modules rq_jobs_check and rq_jobs_aside run it. Its order: `redis_url` (null: as django-rq reads it from the
settings), `queues`, and `kept`: jobs that are not in Redis, as their `id`, `data` and `meta` in base64; with it, only
those are loaded. It reads raw fields and saves nothing; the application's database connections refuse to open.

The program is sent as text, without its neighbours: so it holds what it shares with them, as JOB_KEYS.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import pickle
import pickletools
import re
import sys
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ERROR_LENGTH = 300
TEXT_OPCODES = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
# What a pickle does besides its values.
SILENT_OPCODES = frozenset({"FRAME", "MARK", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "PROTO"})


@dataclass(frozen=True)
class JobKeys:
    """Redis keys that hold the ids of jobs in one state: one for each queue, or one for all of them.

    They are sorted sets unless `is_list`; scores are Unix times for which the jobs are scheduled if it `is_timed`.
    A job that `runs` needs no operator for that; one that is `in_hand` belongs to a worker.
    """

    state: str
    key: str
    is_list: bool = False
    is_timed: bool = False
    in_hand: bool = False
    runs: bool = True

    def of(self, queues: Sequence[str]) -> list[str]:
        """The keys of some queues."""
        return [self.key.format(queue=queue) for queue in queues] if "{queue}" in self.key else [self.key]

    def has(self, key: str) -> bool:
        """Whether a key is one of these."""
        return re.fullmatch(re.escape(self.key).replace(re.escape("{queue}"), ".+"), key) is not None


# rq-scheduler's own, of all queues.
SCHEDULED_KEY = "rq:scheduler:scheduled_jobs"
# Everywhere a job can be that RQ or rq-scheduler keeps. What says most of a job in two places comes first.
JOB_KEYS = (
    JobKeys("running", "rq:wip:{queue}", in_hand=True),
    JobKeys("taken", "rq:queue:{queue}:intermediate", is_list=True, in_hand=True),
    JobKeys("queued", "rq:queue:{queue}", is_list=True),
    JobKeys("scheduled", "rq:scheduled:{queue}", is_timed=True),
    JobKeys("scheduled", SCHEDULED_KEY, is_timed=True),
    JobKeys("deferred", "rq:deferred:{queue}"),
    JobKeys("failed", "rq:failed:{queue}", runs=False),
)


def kind_of(key: str) -> JobKeys:
    """What a key holds. Raises ValueError if it is none of JOB_KEYS."""
    for kind in JOB_KEYS:
        if kind.has(key):
            return kind
    raise ValueError(f"{key!r} holds no jobs")


@dataclass(frozen=True)
class Job:
    """A job, the Redis keys where it is, and why the release cannot load it (empty: it can).

    `at` is the Unix time for which it is scheduled, None if it is not.
    """

    id: str
    where: tuple[str, ...]
    at: float | None
    function: str
    error: str


def close_database() -> None:
    """Let no code of the application connect to its database from now on."""
    base = sys.modules.get("django.db.backends.base.base")
    if base is not None:
        base.BaseDatabaseWrapper.connect = refuse_database


def refuse_database(*_arguments: Any, **_keywords: Any) -> NoReturn:
    """In the place of a database connection: a job that needs one to be loaded is reported."""
    raise RuntimeError("loading the job opens a database connection")


def client(*, redis_url: str | None, queue: str) -> Any:
    """The client for `redis_url`, or the one that the application's django-rq uses for `queue`.

    Ends the program, without the URL's password, if the URL cannot be read.
    """
    try:
        if redis_url:
            redis = importlib.import_module("redis")
            # Later versions always decode %xx in a URL's user and password, and no longer know the option.
            options = {"decode_components": True} if redis.__version__.startswith("3.") else {}
            return redis.Redis.from_url(redis_url, **options)
        return importlib.import_module("django_rq").get_connection(queue)
    except ValueError:
        # The library's own words may hold a part of the password.
        raise SystemExit(
            "The Redis URL cannot be read. It looks like redis://user:password@host:6379/2; / in a password is %2F"
        ) from None


def job_of_execution(member: str) -> str:
    """The job's id in an entry of the started registry: RQ 2 appends `:<execution>` to it, RQ 1 does not."""
    return member.partition(":")[0]


def entries(connection: Any, queues: Sequence[str]) -> Iterator[tuple[JobKeys, str, str, float | None]]:
    """Every entry of JOB_KEYS: which kind, its key, the job's id, and its score, None in a list.

    A job may have two: one that repeats is scheduled again when it is queued.
    """
    for kind in JOB_KEYS:
        for key in kind.of(queues):
            if kind.is_list:
                yield from ((kind, key, job.decode(errors="replace"), None) for job in connection.lrange(key, 0, -1))
                continue
            for member, score in connection.zrange(key, 0, -1, withscores=True):
                job = member.decode(errors="replace")
                # In the other sets, an id with a colon is whole.
                yield kind, key, job_of_execution(job) if kind.state == "running" else job, score


@contextmanager
def in_database(connection: Any, number: int) -> Iterator[Any]:
    """A client of another database of the same Redis."""
    pool = connection.connection_pool
    options = {**pool.connection_kwargs, "db": number}
    other = type(connection)(connection_pool=type(pool)(connection_class=pool.connection_class, **options))
    try:
        yield other
    finally:
        # Clients before redis-py 3.5 are no context managers.
        other.connection_pool.disconnect()


def waiting_elsewhere(connection: Any, queues: Sequence[str], *, known: set[int]) -> dict[str, int]:
    """How many jobs that will run are in each database that is not `known`, by its number as text."""
    found = {}
    for number in sorted({int(name[2:]) for name in connection.info("keyspace")} - known):
        with in_database(connection, number) as other:
            named = {key.decode(errors="replace").partition("rq:queue:")[2] for key in other.smembers("rq:queues")}
            jobs = {job for kind, _key, job, _score in entries(other, sorted({*queues, *named})) if kind.runs}
            if count := sum(bool(other.exists(f"rq:job:{job}")) for job in jobs):
                found[str(number)] = count
    return found


def load(data: bytes, meta: bytes | None) -> str:
    """Do what a worker does before it calls the job's function; the function's name. Raises whatever that raises."""
    name, instance, _arguments, _keywords = pickle.loads(unpacked(data))  # noqa: S301 - as the worker will, with its rights
    if meta:
        pickle.loads(meta)  # noqa: S301
    if instance is None:
        importlib.import_module("rq.utils").import_attribute(name)
    else:
        getattr(instance, name)
    return str(name)


def unpacked(data: bytes) -> bytes:
    """The pickle in a job's data."""
    try:
        return zlib.decompress(data)
    except zlib.error:  # RQ compresses since 1.0, and still reads jobs that are not.
        return data


def function_name(data: bytes) -> str:
    """The function that a job calls, read from its pickle without executing any of it; `unknown` if there is none.

    RQ pickles `(function, instance, arguments, keywords)`: the first text is the function's name, or, if an instance
    follows it and not None, its method's, which says little without its class.
    """
    try:
        opcodes = ((opcode.name, argument) for opcode, argument, _position in pickletools.genops(unpacked(data)))
        spoken = [(name, argument) for name, argument in opcodes if name not in SILENT_OPCODES]
    except ValueError:
        return "unknown"
    if not spoken or spoken[0][0] not in TEXT_OPCODES:
        return "unknown"
    function = str(spoken[0][1])
    if spoken[1:2] and spoken[1][0] == "NONE":
        return function
    return ".".join([*class_name(spoken[1:]), function])


def class_name(spoken: list[tuple[str, Any]]) -> tuple[str, ...]:
    """Module and name of the first class that a pickle's opcodes name, or nothing."""
    texts: list[str] = []
    for opcode, argument in spoken:
        if opcode == "GLOBAL":  # Until protocol 3: both in one text.
            found = tuple(str(argument).split(" ", 1))
        elif opcode == "STACK_GLOBAL":
            found = tuple(texts[-2:])
        else:
            texts += [str(argument)] if opcode in TEXT_OPCODES else []
            continue
        if found[0] not in (
            "copyreg",
            "copy_reg",
        ):  # The protocols before 2 make an object by a function of this module.
            return found
    return ()


def release_queues(connection: Any) -> list[dict[str, Any]] | None:
    """The queues in the settings of django-rq, each with its database, and whether `connection` is to the same Redis.

    None if there are no such settings.
    """
    try:
        names = list(getattr(importlib.import_module("django.conf").settings, "RQ_QUEUES", None) or {})
        # Without queues in the settings, django-rq itself refuses to be imported.
        connect = importlib.import_module("django_rq").get_connection if names else None
    except ImportError:
        return None
    return [{"name": name, **described(connect, name, server=run_id(connection))} for name in names] or None


def described(connect: Any, queue: str, *, server: str) -> dict[str, Any]:
    """Where a queue of the application is."""
    try:
        own = connect(queue)
        database = int(own.connection_pool.connection_kwargs.get("db") or 0)
        return {"database": database, "is_ours": run_id(own) == server}
    except Exception as error:  # Settings can be wrong in any way; the words may hold a part of a password.
        return {"error": type(error).__name__}


def run_id(connection: Any) -> str:
    """What names a running Redis, whatever the address by which it was found."""
    return str(connection.info("server")["run_id"])


def error_of(data: bytes, meta: bytes | None) -> str:
    """Why a job cannot be loaded; empty if it can."""
    try:
        load(data, meta)
    except Exception as error:  # A pickle can raise anything, and each is a finding.
        return f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
    return ""


def examine(connection: Any, queues: list[str]) -> dict[str, Any]:
    """Load each job once: what is known of it, and the ids of those that have lost their data."""
    found: dict[str, list[tuple[str, float | None]]] = {}
    for kind, key, job, score in entries(connection, queues):
        found.setdefault(job, []).append((key, score if kind.is_timed else None))
    jobs: list[Job] = []
    missing: list[str] = []
    for job, where in found.items():
        data, meta = connection.hmget(f"rq:job:{job}", ["data", "meta"])
        if data is None:
            missing.append(job)
            continue
        at = next((at for _key, at in where if at is not None), None)
        jobs.append(Job(job, tuple(key for key, _at in where), at, function_name(data), error_of(data, meta)))
    return {"jobs": [asdict(job) for job in jobs], "missing": missing}


def examine_kept(kept: list[dict[str, Any]]) -> dict[str, Any]:
    """Load jobs that are not in Redis: the error of each that cannot be loaded, by its id."""
    decoded = (
        (job["id"], base64.b64decode(job["data"]), base64.b64decode(job["meta"]) if job["meta"] else None)
        for job in kept
    )
    errors = {job: error_of(data, meta) for job, data, meta in decoded}
    return {"errors": {job: error for job, error in errors.items() if error}}


def main() -> None:
    """Keep standard output for the findings: what the application prints goes to standard error."""
    findings = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    close_database()
    with findings:
        if order.get("kept") is not None:
            json.dump(examine_kept(order["kept"]), findings)
            return
        connection = client(redis_url=order["redis_url"], queue=order["queues"][0])
        database = int(connection.connection_pool.connection_kwargs.get("db") or 0)
        told: dict[str, Any] = {"queues": release_queues(connection), "database": database}
        known = {database, *(queue["database"] for queue in told["queues"] or () if queue.get("is_ours"))}
        told["elsewhere"] = waiting_elsewhere(connection, order["queues"], known=known)
        json.dump({**examine(connection, order["queues"]), **told}, findings)


if __name__ == "__main__":
    main()
