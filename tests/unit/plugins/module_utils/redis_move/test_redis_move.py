# SPDX-License-Identifier: GPL-3.0-or-later
"""The primary changes while clients write: what was acknowledged is there, and a naive change loses."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move import inventory, replication, wanted
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.options import Pair
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import RedisError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

REPLICA_OPTIONS: dict[str, Any] = {
    "user": "",
    "password": "",
    "expendable": wanted.EXPENDABLE,
    "discard": False,
    "timeout": 20.0,
}


class Writer:
    """A client that writes one key after another until it is refused or told to end."""

    def __init__(self, client: Any) -> None:
        self.acknowledged: list[str] = []
        self.refused = ""
        self._client = client
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def wait_for(self, more: int) -> None:
        """Return when `more` further writes were acknowledged, or one was refused."""
        goal = len(self.acknowledged) + more
        while len(self.acknowledged) < goal and not self.refused:
            self._end.wait(0.005)

    def _write(self) -> None:
        number = 0
        while not self._end.is_set():
            key = f"rq:job:{(number := number + 1)}"
            try:
                self._client.set(key, number)
            except RedisError as error:
                self.refused = str(error)
                return
            self.acknowledged.append(key)

    def missing(self, client: Any) -> int:
        """Return how many acknowledged writes `client`'s server does not have."""
        return len(self.acknowledged) - int(client.exists(*self.acknowledged))


def follow(pair: Pair, *, dry: bool = False, **options: Any) -> dict[str, Any]:
    return dict(wanted.replica(pair, {**REPLICA_OPTIONS, **options}, clock=SystemClock(), check_mode=dry))


def change(pair: Pair, login: dict[str, str], *, timeout: float = 10.0, dry: bool = False) -> dict[str, Any]:
    return dict(wanted.switched(pair, {**login, "timeout": timeout}, clock=SystemClock(), check_mode=dry))


def role(server: replication.Server) -> str:
    return str(server.replication()["role"])


def fill(client: Any) -> None:
    client.set("rq:job:text", "x", px=3_600_000)
    client.hset("rq:job:1", mapping={b"data": b"\x80\x04pickle", "status": "scheduled"})
    client.zadd("rq:scheduler:scheduled_jobs", {f"job{n}": 1_800_000_000.123 + n / 7 for n in range(300)})
    client.rpush("rq:queue:default", *(f"job{n}" for n in range(20)))
    client.sadd("rq:queues", *(f"queue{n}" for n in range(600)))
    client.xadd("events", {"a": "b"})


def test_after_the_switch_the_new_server_holds_the_same_and_the_old_one_follows(
    moving: Pair, login: dict[str, str]
) -> None:
    fill(moving.primary.connect_to(2))
    before = inventory.take(moving.primary.connect_to)
    assert follow(moving)["changed"]
    assert not follow(moving)["changed"]

    changed = change(moving, login)

    assert (changed["changed"], changed["method"], changed["compared"]) == (True, "failover", 6)
    assert (role(moving.replica), role(moving.primary)) == ("master", "slave")
    assert inventory.take(moving.replica.connect_to) == before
    moving.replica.connect_to(2).set("rq:job:later", 1)
    replication.wait_until_equal(primary=moving.replica, replica=moving.primary, timeout=10, clock=SystemClock())
    assert moving.primary.connect_to(2).get("rq:job:later") == b"1"
    assert change(moving, login) == {"changed": False}


def test_the_way_back_is_the_same_way(moving: Pair, login: dict[str, str]) -> None:
    fill(moving.primary.connect_to(2))
    follow(moving)
    change(moving, login)
    back = Pair(replica=moving.primary, primary=moving.replica)
    assert change(back, {"user": "", "password": ""})["method"] == "failover"
    assert (role(moving.primary), role(moving.replica)) == ("master", "slave")


@pytest.mark.parametrize("version", ["7.0.15", "6.0.16"])
def test_what_was_acknowledged_before_the_switch_is_there_after_it(
    moving: Pair, login: dict[str, str], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(moving)
    # The old server's own commands decide how it is done, and Debian has but one version.
    monkeypatch.setattr(inventory, "version", lambda _server: tuple(map(int, version.split("."))))
    moving.primary.announce()
    moving.primary.log_in_as(login["user"], login["password"])
    with Writer(moving.primary.connect_to(3)) as writer:
        writer.wait_for(200)
        replication.switch(primary=moving.primary, replica=moving.replica, timeout=10, clock=SystemClock())
        writer.wait_for(10_000)
    assert len(writer.acknowledged) >= 200
    assert writer.missing(moving.replica.connect_to(3)) == 0
    assert writer.refused.startswith(("You can't write against a read only replica", "NOREPLICAS", "Not enough good"))


def test_control_a_promotion_under_writes_loses_what_was_acknowledged(moving: Pair) -> None:
    follow(moving)
    with Writer(moving.primary.connect_to(3)) as writer:
        writer.wait_for(200)
        moving.replica.client.execute_command("REPLICAOF", "NO", "ONE")
        writer.wait_for(200)
    assert writer.missing(moving.replica.connect_to(3)) > 0


def test_a_server_with_jobs_of_its_own_is_not_made_to_forget_them(moving: Pair) -> None:
    moving.replica.connect_to(2).sadd("rq:workers", "rq:worker:1")
    moving.replica.connect_to(2).zadd("rq:scheduler:scheduled_jobs", {"mine": 1})
    with pytest.raises(QueueError, match=r"holds 1 keys of its own.*db2 rq:scheduler:scheduled_jobs"):
        follow(moving)
    assert role(moving.replica) == "master"
    assert follow(moving, discard=True)["changed"]


def test_a_server_that_cannot_connect_is_named_and_its_primary_stays(moving: Pair) -> None:
    elsewhere = Pair(
        replica=moving.replica,
        primary=replication.Server(connect_to=moving.primary.connect_to, address=replication.Address("127.0.0.1", 1)),
    )
    with pytest.raises(QueueError, match=r"does not follow 127\.0\.0\.1:1: link down"):
        follow(elsewhere, timeout=0.5)
    assert role(moving.primary) == "master"


def test_what_differs_is_named(moving: Pair, login: dict[str, str]) -> None:
    follow(moving)
    moving.replica.client.config_set("replica-read-only", "no")
    moving.replica.connect_to(2).set("stray", 1)
    with pytest.raises(QueueError, match="db2 stray: is only in the new Redis"):
        change(moving, login, timeout=0.5)
    assert role(moving.primary) == "master"


def test_a_server_whose_successor_dies_in_the_switch_takes_writes_again(
    moving: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(moving)
    moving.primary.announce()
    successor = moving.replica.client.info("server")["process_id"]
    looks = replication.Server.replication
    died: list[int] = []

    def die_in_the_switch(server: replication.Server) -> dict[str, Any]:
        said = dict(looks(server))
        if said["master_failover_state"] != "no-failover" and not died:
            os.kill(successor, signal.SIGKILL)
            died.append(successor)
            raise RedisError("Connection refused")
        return said

    # Asleep, it does not answer, so that the failover of its primary lasts for as long as it takes to look.
    os.kill(successor, signal.SIGSTOP)
    monkeypatch.setattr(replication.Server, "replication", die_in_the_switch)
    with pytest.raises(RedisError):
        replication.switch(primary=moving.primary, replica=moving.replica, timeout=30, clock=SystemClock())
    assert died
    assert moving.primary.connect_to(2).set("rq:job:later", 1)


def test_the_switch_needs_a_replica(moving: Pair, login: dict[str, str]) -> None:
    with pytest.raises(QueueError, match="Let it follow first"):
        change(moving, login)


def test_a_dry_run_says_what_would_change_and_changes_nothing(moving: Pair, login: dict[str, str]) -> None:
    assert follow(moving, dry=True)["changed"]
    assert role(moving.replica) == "master"
    follow(moving)
    dry = change(moving, login, dry=True)
    assert dry["changed"] and role(moving.primary) == "master"
