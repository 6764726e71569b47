# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Redis key that one holder has for a time: its value names the holder, its time to live ends a dead holder's claim.

Every change compares the value first, with WATCH and MULTI: the application's Redis user may run no Lua.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import WatchError

DEPLOY_PREFIX = "deploy:"


@dataclass(frozen=True)
class Claim:
    """Who holds a lease. `seconds_left` is None if the claim never ends by itself."""

    holder: str
    seconds_left: int | None

    @property
    def is_a_deploy(self) -> bool:
        """Whether a deploy holds it, living or dead."""
        return self.holder.startswith(DEPLOY_PREFIX)

    def __str__(self) -> str:
        until = "for ever" if self.seconds_left is None else f"for {self.seconds_left} more seconds"
        return f"'{self.holder}' {until}"


class Lease(Protocol):
    """What holding needs of a lease."""

    def claim(self) -> Claim | None:
        """Who holds it now, or None."""

    def take(self, *, holder: str, seconds: int) -> bool:
        """Claim it if it is free. False if another holder has it."""

    def replace(self, *, expected: str, holder: str, seconds: int) -> bool:
        """Claim it, or prolong it, if `expected` holds it. False if another holder has it by now."""

    def give_up(self, *, expected: str) -> bool:
        """Free it if `expected` holds it. False if it is free, or another holder has it."""


class RedisLease:
    """A `Lease` at the Redis key `key`."""

    def __init__(self, *, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    def claim(self) -> Claim | None:
        """See `Lease.claim`."""
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(self._key)
            pipeline.ttl(self._key)
            value, seconds = pipeline.execute()
        if value is None:
            return None
        return Claim(holder=value.decode(errors="replace"), seconds_left=seconds if seconds >= 0 else None)

    def take(self, *, holder: str, seconds: int) -> bool:
        """See `Lease.take`."""
        return bool(self._client.set(self._key, holder, nx=True, ex=seconds))

    def replace(self, *, expected: str, holder: str, seconds: int) -> bool:
        """See `Lease.replace`."""
        return self._change(expected, lambda pipeline: pipeline.set(self._key, holder, ex=seconds))

    def give_up(self, *, expected: str) -> bool:
        """See `Lease.give_up`."""
        return self._change(expected, lambda pipeline: pipeline.delete(self._key))

    def _change(self, expected: str, queue_command: Any) -> bool:
        with self._client.pipeline(transaction=True) as pipeline:
            pipeline.watch(self._key)
            if pipeline.get(self._key) != expected.encode():
                return False
            pipeline.multi()
            queue_command(pipeline)
            try:
                pipeline.execute()
            except WatchError:
                return False
        return True
