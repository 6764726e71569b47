# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Redis holds, key by key, so that two of them can be compared: types, contents, scores and times of expiry.

Contents are read command by command. DUMP would not do: two servers may write the same set in different order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import RedisError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

READS: dict[bytes, Callable[[Any, bytes], Any]] = {
    b"string": lambda client, key: client.get(key),
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: sorted(client.smembers(key)),
    b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    b"hash": lambda client, key: sorted(client.hgetall(key).items()),
    b"stream": lambda client, key: client.xrange(key),
}
NO_KEY = b"none"
NO_EXPIRY = -1
FIRST_WITH_EXPIRETIME = 7

# A key's type, the digest of its content, and when it expires: Unix milliseconds, or only whether it does.
Entry = tuple[str, str, int]
Inventory = dict[tuple[int, str], Entry]


def take(connect_to: Callable[[int], Any]) -> Inventory:
    """Return what a Redis holds; `connect_to` gives a client of the database of a number.

    Raises QueueError for a key of a type that is none of Redis's own.
    """
    first = connect_to(0)
    exact = major_version(first.info("server")) >= FIRST_WITH_EXPIRETIME
    return {
        (number, key.decode("utf-8", "backslashreplace")): entry
        for number in sorted(int(name[2:]) for name in first.info("keyspace"))
        for key, entry in _database(connect_to(number), exact=exact)
    }


def differences(one: Inventory, other: Inventory, *, at_most: int = 10) -> list[str]:
    """Return a line for each key that differs, `at_most` of them; none if the two hold the same."""
    keys = sorted(set(one) | set(other))
    lines = [
        f"db{number} {key}: {_difference(one.get((number, key)), other.get((number, key)))}"
        for number, key in keys
        if one.get((number, key)) != other.get((number, key))
    ]
    more = len(lines) - at_most
    return lines[:at_most] + ([f"and {more} more"] if more > 0 else [])


def major_version(server: dict[str, Any]) -> int:
    """Return 7 for Redis 7.0.15; `server` is what INFO says of it."""
    return int(str(server["redis_version"]).partition(".")[0])


def version(server: dict[str, Any]) -> tuple[int, ...]:
    """Return the version as numbers that compare."""
    return tuple(int(part) for part in str(server["redis_version"]).split("."))


def _database(client: Any, *, exact: bool) -> Iterable[tuple[bytes, Entry]]:
    for key in client.scan_iter(count=1000):
        kind = client.type(key)
        if kind == NO_KEY:  # it has expired meanwhile
            continue
        if kind not in READS:
            raise QueueError(f"Key {key!r} is a {kind.decode()}, which only a module of Redis understands.")
        content = READS[kind](client, key)
        expiry = _expiry(client, key, exact=exact)
        yield key, (kind.decode(), hashlib.sha256(repr(content).encode()).hexdigest(), expiry)


def _expiry(client: Any, key: bytes, *, exact: bool) -> int:
    """When the key expires. Redis before 7.0 does not tell a moment that two readings would agree on."""
    if exact:
        return int(client.execute_command("PEXPIRETIME", key))
    try:
        return NO_EXPIRY if client.pttl(key) in (None, NO_EXPIRY) else 0
    except RedisError as error:
        raise QueueError(f"Redis does not tell when {key!r} expires: {error}") from error


def _difference(one: Entry | None, other: Entry | None) -> str:
    if one is None or other is None:
        return "is only in the old Redis" if other is None else "is only in the new Redis"
    names = ("type", "content", "time of expiry")
    return ", ".join(name for name, left, right in zip(names, one, other) if left != right) + " differs"
