# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load every waiting job with a release's own code: a program of the release (_release_program.py).

The module rq_jobs_check runs it. Its order: `redis_url` (null: as django-rq reads it from the settings) and `queues`.
It reads raw fields and saves nothing; the application's database connections refuse to open.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

ERROR_LENGTH = 300


@dataclass(frozen=True)
class Unloadable:
    """A waiting job that the release cannot run, where it waits, and the error."""

    id: str
    where: str
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


def waiting(connection: Any, queues: list[str]) -> Iterator[tuple[str, str]]:
    """Id and place of each job that will run: queued, taken, running, deferred, and scheduled by either scheduler."""
    for queue in queues:
        for key in (f"rq:queue:{queue}", f"rq:queue:{queue}:intermediate"):
            yield from ((job.decode(), key) for job in connection.lrange(key, 0, -1))
        key = f"rq:wip:{queue}"
        # See `state.job_of_execution`; in the other sets, an id with a colon is whole.
        yield from ((job.decode().partition(":")[0], key) for job in connection.zrange(key, 0, -1))
        for key in (f"rq:deferred:{queue}", f"rq:scheduled:{queue}"):
            yield from ((job.decode(), key) for job in connection.zrange(key, 0, -1))
    key = "rq:scheduler:scheduled_jobs"
    yield from ((job.decode(), key) for job in connection.zrange(key, 0, -1))


def load(data: bytes, meta: bytes | None) -> str:
    """Do what a worker does before it calls the job's function; the function's name. Raises whatever that raises."""
    try:
        pickled = zlib.decompress(data)
    except zlib.error:  # RQ compresses since 1.0, and still reads jobs that are not.
        pickled = data
    name, instance, _arguments, _keywords = pickle.loads(pickled)  # noqa: S301 - as the worker will, with its rights
    if meta:
        pickle.loads(meta)  # noqa: S301
    if instance is None:
        importlib.import_module("rq.utils").import_attribute(name)
    else:
        getattr(instance, name)
    return str(name)


def function_name(data: bytes) -> str:
    """The called function, for a job that cannot be loaded: the first text of the pickle, executing none of it."""
    import pickletools  # noqa: PLC0415 - only for a failure

    try:
        arguments = (argument for _opcode, argument, _position in pickletools.genops(zlib.decompress(data)))
        return next((argument for argument in arguments if isinstance(argument, str)), "unknown")
    except (ValueError, zlib.error):
        return "unknown"


def examine(connection: Any, queues: list[str]) -> dict[str, Any]:
    """Load each waiting job once: how many there are, which cannot be loaded, and which have lost their data."""
    places = dict(waiting(connection, queues))
    unloadable: list[Unloadable] = []
    missing: list[str] = []
    for job, where in places.items():
        data, meta = connection.hmget(f"rq:job:{job}", ["data", "meta"])
        if data is None:
            missing.append(job)
            continue
        try:
            load(data, meta)
        except Exception as error:  # A pickle can raise anything, and each is a finding.
            text = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
            unloadable.append(Unloadable(id=job, where=where, function=function_name(data), error=text))
    return {"checked": len(places), "unloadable": [asdict(job) for job in unloadable], "missing": missing}


def main() -> None:
    """Keep standard output for the findings: what the application prints goes to standard error."""
    findings = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    close_database()
    connection = client(redis_url=order["redis_url"], queue=order["queues"][0])
    with findings:
        json.dump(examine(connection, order["queues"]), findings)


if __name__ == "__main__":
    main()
