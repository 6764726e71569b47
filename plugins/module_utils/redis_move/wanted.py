# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two states that a pair of Redis servers is brought into: one follows the other; their parts are changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._clock import Clock
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.options import Pair
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.replication import (
    Server,
    compare,
    precious,
    switch,
    wait_until_equal,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

# What RQ and rq-scheduler write again when they start, or when they need it.
EXPENDABLE = [
    "rq:workers",
    "rq:workers:*",
    "rq:worker:*",
    "rq:scheduler_instance:*",
    "rq:scheduler_lock",
    "rq:queues",
    "rq:suspended",
    "rq:clean_registries:*",
    "rq:maintenance:*",
]


def replica(pair: Pair, options: dict[str, Any], *, clock: Clock, check_mode: bool) -> dict[str, Any]:
    """Let the replica follow the primary; what a result shows of it. `options` are those of the module redis_replica.

    Raises QueueError if it holds what it must not forget, or has not all of it in time.
    """
    before = _followed(pair.replica)
    follows = pair.replica.follows(pair.primary.address)
    if not follows and not options["discard"]:
        _require_nothing_precious(pair.replica, options["expendable"])
    result: dict[str, Any] = {
        "changed": not follows,
        "diff": {"before": {"follows": before}, "after": {"follows": str(pair.primary.address)}},
    }
    if check_mode:
        return result
    # Also where it follows already: a server that was restarted knows none of this any more.
    pair.replica.announce()
    pair.replica.log_in_as(options["user"], options["password"])
    if not follows:
        pair.replica.follow(pair.primary.address)
    waited = wait_until_equal(primary=pair.primary, replica=pair.replica, timeout=options["timeout"], clock=clock)
    return {**result, "waited_seconds": waited}


def switched(pair: Pair, options: dict[str, Any], *, clock: Clock, check_mode: bool) -> dict[str, Any]:
    """Make the replica the primary; what a result shows of it. `options` are those of the module redis_switch.

    Raises QueueError if they do not hold the same, or if the change has not been made in time.
    """
    if pair.primary.follows(pair.replica.address):
        return {"changed": False}
    if not pair.replica.follows(pair.primary.address):
        raise QueueError(f"{pair.replica.address} does not follow {pair.primary.address}. Let it follow first.")
    result: dict[str, Any] = {
        "changed": True,
        "compared": compare(primary=pair.primary, replica=pair.replica, timeout=options["timeout"], clock=clock),
        "diff": {
            "before": {"primary": str(pair.primary.address)},
            "after": {"primary": str(pair.replica.address)},
        },
    }
    if check_mode:
        return result
    began = clock.monotonic()
    pair.primary.announce()
    pair.primary.log_in_as(options["user"], options["password"])
    method = switch(primary=pair.primary, replica=pair.replica, timeout=options["timeout"], clock=clock)
    return {**result, "method": method, "seconds": round(clock.monotonic() - began, 1)}


def _followed(server: Server) -> str | None:
    said = server.replication()
    return f"{said['master_host']}:{said['master_port']}" if said["role"] == "slave" else None


def _require_nothing_precious(server: Server, expendable: list[str]) -> None:
    keys = precious(server, expendable)
    if keys:
        raise QueueError(
            f"{server.address} holds {len(keys)} keys of its own, which a replica would forget: {', '.join(keys[:5])}. "
            "Nothing has been changed. If they are of no use, remove them, then run the same command again."
        )
