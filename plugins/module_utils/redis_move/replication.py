# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Letting one Redis follow another, and then changing their parts without a write being lost.

A plain REPLICAOF NO ONE while clients still write to the old server loses what they write meanwhile. FAILOVER (Redis
6.2) pauses writes until the replica has all of them; before 6.2 the old server is made to refuse writes, which its
clients see, instead of accepting and losing them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ansible_collections.carpentries.amy.plugins.module_utils._clock import Clock
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move import inventory
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import RedisError, connect
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

INTERVAL = 0.2
FIRST_WITH_FAILOVER = (6, 2)
# More replicas than there will ever be: a server that wants so many before it accepts a write accepts none.
IMPOSSIBLE = 1000


class Address(NamedTuple):
    """Where a server is, as the other one reaches it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Server:
    """A Redis: `connect_to` gives a client of one of its databases; `address` is what its peer connects to."""

    connect_to: Callable[[int], Any]
    address: Address

    @property
    def client(self) -> Any:
        """A client of database 0."""
        return self.connect_to(0)

    def replication(self) -> dict[str, Any]:
        """Return what INFO says of the replication."""
        return dict(self.client.info("replication"))

    def follows(self, primary: Address) -> bool:
        """Whether it is a replica of `primary`, connected or not."""
        said = self.replication()
        return said["role"] == "slave" and (said["master_host"], int(said["master_port"])) == primary

    def sees_online(self, replica: Address) -> bool:
        """Whether it counts `replica` among the replicas that follow its writes; FAILOVER wants no other."""
        peers = (
            peer for name, peer in self.replication().items() if name.startswith("slave") and isinstance(peer, dict)
        )
        return any((peer["ip"], int(peer["port"])) == replica and peer["state"] == "online" for peer in peers)

    def announce(self) -> None:
        """Let it tell its peer the address at which it is reached, which is not always where it listens."""
        self.client.config_set("replica-announce-ip", self.address.host)
        self.client.config_set("replica-announce-port", self.address.port)

    def log_in_as(self, user: str, password: str) -> None:
        """Let it log in at its primary as `user`; without a user it does not log in."""
        self.client.config_set("masteruser", user)
        self.client.config_set("masterauth", password)

    def follow(self, primary: Address) -> None:
        """Make it a replica of `primary`: all that it holds is replaced."""
        self.client.execute_command("REPLICAOF", primary.host, primary.port)


def precious(server: Server, expendable: list[str]) -> list[str]:
    """Return the keys of `server` that match none of the patterns `expendable`, as `db2 rq:job:1`."""
    keys = inventory.take(server.connect_to)
    return [f"db{number} {key}" for number, key in keys if not any(fnmatchcase(key, one) for one in expendable)]


def wait_until_equal(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> float:
    """Wait until the replica has all that the primary has, and return how many seconds that took.

    Raises QueueError if it is not connected, or is behind, after `timeout` seconds.
    """
    began = clock.monotonic()
    while True:
        wanted = int(primary.replication()["master_repl_offset"])
        has = replica.replication()
        if has.get("master_link_status") == "up" and int(has["slave_repl_offset"]) >= wanted:
            return float(round(clock.monotonic() - began, 1))
        if clock.monotonic() - began > timeout:
            raise QueueError(
                f"{replica.address} does not follow {primary.address}: link {has.get('master_link_status', 'unknown')} "
                f"after {timeout:.0f} s. Look at the new host: journalctl -u redis-server; the security groups must "
                f"let it connect to {primary.address}."
            )
        clock.sleep(INTERVAL)


def compare(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> int:
    """Compare what both hold until it is the same, and return how many keys that is.

    Raises QueueError, with the keys that differ, if it is not the same after `timeout` seconds.
    """
    began = clock.monotonic()
    while True:
        one, other = inventory.take(primary.connect_to), inventory.take(replica.connect_to)
        differing = inventory.differences(one, other)
        if not differing:
            return len(one)
        if clock.monotonic() - began > timeout:
            raise QueueError(
                f"{primary.address} and {replica.address} do not hold the same after {timeout:.0f} s. Does something "
                f"still write to the old one (redis-cli monitor)? {'; '.join(differing)}"
            )
        clock.sleep(INTERVAL)


def switch(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> str:
    """Make the replica the primary and the primary its replica; return how: failover or freeze.

    Raises QueueError, and leaves the parts as they were, if that is not done within `timeout` seconds.
    """
    if inventory.version(primary.client.info("server")) >= FIRST_WITH_FAILOVER:
        _fail_over(primary=primary, replica=replica, timeout=timeout, clock=clock)
        return "failover"
    _freeze(primary=primary, replica=replica, timeout=timeout, clock=clock)
    return "freeze"


def _fail_over(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> None:
    began = clock.monotonic()
    while not primary.sees_online(replica.address):
        if clock.monotonic() - began > timeout:
            raise QueueError(f"{primary.address} does not see {replica.address} as its replica, {timeout:.0f} s long.")
        clock.sleep(INTERVAL)
    milliseconds = int(timeout * 1000)
    primary.client.execute_command("FAILOVER", "TO", *replica.address, "TIMEOUT", milliseconds)
    try:
        _wait_for_failover(primary=primary, replica=replica, timeout=timeout, clock=clock)
    except (QueueError, RedisError):
        _abort_failover(primary)
        raise


def _abort_failover(primary: Server) -> None:
    """Let it take writes again; otherwise it would wait for its lost successor for ever."""
    if primary.replication()["master_failover_state"] != "no-failover":
        primary.client.execute_command("FAILOVER", "ABORT")


def _wait_for_failover(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> None:
    began = clock.monotonic()
    while True:
        said = primary.replication()
        if said["role"] == "slave" and replica.replication()["role"] == "master":
            return
        if said.get("master_failover_state") == "no-failover" and said["role"] == "master":
            raise QueueError(
                f"{primary.address} has given up its failover to {replica.address}: it was not reached in time."
            )
        if clock.monotonic() - began > timeout + 5:
            raise QueueError(
                f"The failover of {primary.address} to {replica.address} has not ended after {timeout + 5:.0f} s."
            )
        clock.sleep(INTERVAL)


def _freeze(*, primary: Server, replica: Server, timeout: float, clock: Clock) -> None:
    primary.client.config_set("min-replicas-to-write", IMPOSSIBLE)
    try:
        wait_until_equal(primary=primary, replica=replica, timeout=timeout, clock=clock)
        replica.client.execute_command("REPLICAOF", "NO", "ONE")
        primary.follow(replica.address)
    finally:
        # A replica refuses writes in any case.
        primary.client.config_set("min-replicas-to-write", 0)


def server(*, url: str, address: Address) -> Server:
    """Return the server that this host reaches at `url` (without a database) and its peer at `address`."""
    clients: dict[int, Any] = {}

    def connect_to(number: int) -> Any:
        if number not in clients:
            clients[number] = connect(url=f"{url.rstrip('/')}/{number}")
        return clients[number]

    return Server(connect_to=connect_to, address=address)
