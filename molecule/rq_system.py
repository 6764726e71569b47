# SPDX-License-Identifier: GPL-3.0-or-later
"""RQ on a host of a scenario: enqueue, look, count."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import support

if TYPE_CHECKING:
    from testinfra.host import Host

RELEASES = "/webapps/amy.molecule.test/releases"
URL = "redis://amy:molecule-application@127.0.0.1:6379/2"
PRELUDE = (
    "import datetime, jobs, redis, rq, rq_scheduler;"
    f"c = redis.Redis.from_url({URL!r}); q = rq.Queue(connection=c); s = rq_scheduler.Scheduler(connection=c);"
)


def python(host: Host, code: str) -> str:
    """What CODE prints; it has a client `c`, a queue `q`, a scheduler `s` and the module `jobs`."""
    command = f"cd {RELEASES}/mini-1 && /opt/mini/bin/python -c {shlex.quote(PRELUDE + code)}"
    return str(host.run_expect([0], command).stdout).strip()


def redis(host: Host, command: str, *, user: str = "amy") -> str:
    """What Redis answers to COMMAND."""
    password = {"amy": "molecule-application", "admin": "molecule-administrator"}[user]
    return str(host.run(f"REDISCLI_AUTH={password} redis-cli -n 2 --user {user} {command}").stdout).strip()


def count(host: Host, name: str, what: str = "ended") -> int:
    """How often the job called NAME has started or ended."""
    return int("0" + redis(host, f"LLEN rq:test:{name}:{what}"))


def await_end(host: Host, name: str, *, seconds: float = 30) -> None:
    """Wait until the job called NAME has ended; it must have run exactly once."""
    support.until(lambda: count(host, name) > 0, seconds=seconds, what=f"job {name} ends")
    assert (count(host, name, "started"), count(host, name)) == (1, 1)


def pids(host: Host, program: str) -> list[str]:
    """The pids of the processes of supervisor's PROGRAM that run."""
    lines = host.run(f"supervisorctl status '{program}:*'").stdout.splitlines()
    return [line.split("pid ")[1].split(",")[0] for line in lines if "RUNNING" in line]


def flush(host: Host) -> None:
    """Take all jobs away, but not what running workers have registered."""
    keys = redis(host, "KEYS 'rq:*'", user="admin").split()
    ours = [key for key in keys if not key.startswith(("rq:worker", "rq:scheduler_instance", "rq:clean_registries"))]
    if ours:
        redis(host, "DEL " + " ".join(map(shlex.quote, ours)), user="admin")
