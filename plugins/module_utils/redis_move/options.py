# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options by which a module is told of two Redis servers."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.replication import Address, Server, server
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

PAIR_OPTIONS: dict[str, Any] = {
    "redis_url": {"type": "str", "required": True, "no_log": True},
    "redis_address": {"type": "str", "required": True},
    "primary_url": {"type": "str", "required": True, "no_log": True},
    "primary_address": {"type": "str", "required": True},
    "user": {"type": "str", "default": ""},
    "password": {"type": "str", "default": "", "no_log": True},
}


class Pair(NamedTuple):
    """A server, and the one that it follows or is to follow."""

    replica: Server
    primary: Server


def pair_from(options: dict[str, Any]) -> Pair:
    """Return the two servers of a module's options. Raises QueueError if an address is none."""
    return Pair(
        replica=server(url=options["redis_url"], address=_address(options["redis_address"])),
        primary=server(url=options["primary_url"], address=_address(options["primary_address"])),
    )


def _address(text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise QueueError(f"{text} is no address of a Redis. It looks like 10.20.0.7:6379")
    return Address(host, int(port))
