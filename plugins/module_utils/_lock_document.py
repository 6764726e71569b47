# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deploy lock's document, and who may take it: pure decisions.

Private to this collection.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any, Callable

from ._clock import parse_timestamp


@dataclass(frozen=True)
class Process:
    """The controller: the outermost ansible process of a run, told apart from any other that ever had its pid.

    `started` is in clock ticks since boot (proc_pid_stat(5), field 22); `namespace` is its pid namespace, since a
    container's pid 7 is not the host's. `machine` is machine-id(5), empty where there is none.
    """

    host: str
    machine: str
    boot_id: str
    namespace: str
    pid: int
    started: int


@dataclass(frozen=True)
class Lock:
    """What the lock's object says. Times are ISO 8601 in UTC; `process` is None where /proc did not tell."""

    stage: str
    owner: str
    reason: str
    version: str
    deploy_id: str
    token: str
    taken: str
    expires: str
    process: Process | None

    def expired(self, now: datetime) -> bool:
        """Whether anyone may take the lock by now."""
        return now >= parse_timestamp(self.expires)


class UnreadableLockError(ValueError):
    """The lock's object is not one of ours."""


def dump(lock: Lock) -> str:
    """`lock` as JSON, for people to read too."""
    return json.dumps(asdict(lock), indent=2, sort_keys=True) + "\n"


def load(text: str) -> Lock:
    """The inverse of `dump`; unknown keys of later versions are ignored. Raises UnreadableLockError."""
    try:
        data = json.loads(text)
        process = data["process"]
        values: dict[str, Any] = {field.name: data[field.name] for field in fields(Lock)}
        values["process"] = None if process is None else Process(**{f.name: process[f.name] for f in fields(Process)})
        lock = Lock(**values)
        parse_timestamp(lock.taken)
        parse_timestamp(lock.expires)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableLockError(f"the lock's document cannot be read ({type(error).__name__}: {error})") from error
    return lock


class Claim(Enum):
    """What a deploy may do about a lock."""

    FREE = "free"
    OWN = "own"
    EXPIRED = "expired"
    DEAD = "dead"
    FOREIGN = "foreign"

    @property
    def takeable(self) -> bool:
        """Whether a lock that stands may be replaced."""
        return self in (Claim.EXPIRED, Claim.DEAD)


def claim(
    *, lock: Lock | None, me: Process | None, token: str, now: datetime, lives: Callable[[Process], bool]
) -> Claim:
    """What `me` may do about `lock`.

    It is our own when the same run took it, or when we know its token. A foreign lock may be replaced when it has
    expired, or when its controller ran on this host and `lives` no more: a controller that was killed must not stop
    the rerun that repairs what it left behind.
    """
    if lock is None:
        return Claim.FREE
    if (token and token == lock.token) or (me is not None and me == lock.process):
        return Claim.OWN
    if lock.expired(now):
        return Claim.EXPIRED
    if lock.process is not None and me is not None and _same_place(me, lock.process) and not lives(lock.process):
        return Claim.DEAD
    return Claim.FOREIGN


def _same_place(me: Process, other: Process) -> bool:
    if (me.host, me.machine) != (other.host, other.machine):
        return False
    if me.boot_id == other.boot_id:
        return me.namespace == other.namespace
    # Rebooted since, hence dead; but without a machine-id it may be another machine that is called the same.
    return me.machine != ""


def refusal(*, lock: Lock, now: datetime) -> str:
    """What the operator reads whose deploy has to wait."""
    minutes = int((now - parse_timestamp(lock.taken)).total_seconds() // 60)
    what = f"version {lock.version}" if lock.version else "no version named"
    why = lock.reason or "no reason given"
    deploy = f", deploy {lock.deploy_id}" if lock.deploy_id else ""
    return (
        f"The deploy lock of stage {lock.stage} is held by {lock.owner} since {lock.taken} ({minutes} min ago): "
        f"{why} ({what}{deploy}). It expires at {lock.expires}. "
        "Wait for that deploy and run the same command again. Only if it is certainly gone: "
        f"make unlock STAGE={lock.stage}"
    )


def public(lock: Lock | None) -> dict[str, Any] | None:
    """`lock` as a module result."""
    return None if lock is None else asdict(lock)
