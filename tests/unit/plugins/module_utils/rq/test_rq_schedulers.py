# SPDX-License-Identifier: GPL-3.0-or-later
"""Which schedulers live: a deploy stops one and starts another, and the status must not count both."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore

from tests.unit.plugins.module_utils.rq.rq_system import eventually

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils.rq.rq_system import Rq

RUN = """
import redis
from rq_scheduler import Scheduler
Scheduler(connection=redis.Redis.from_url({url!r}), name={name!r}).run()
"""


class FakeClient:
    """Redis, as far as it holds the registrations of schedulers."""

    def __init__(self, hashes: dict[str, dict[str, float]]) -> None:
        self.hashes = hashes

    def scan_iter(self, **_options: Any) -> list[bytes]:
        return [key.encode() for key in self.hashes]

    def hexists(self, key: str, name: str) -> bool:
        return name in self.hashes[key]

    def ttl(self, _key: str) -> int:
        return 60


def schedulers(client: Any) -> list[str]:
    return [found["name"] for found in RqStore(client=client, queues=["default"], now=time.time).schedulers()]


@pytest.mark.parametrize(
    ("hashes", "living"),
    [
        ({}, []),
        ({"new": {"birth": 2.0}}, ["new"]),
        ({"old": {"birth": 1.0, "death": 2.0}, "new": {"birth": 2.0}}, ["new"]),
        ({"old": {"birth": 1.0, "death": 2.0}}, []),
        # Killed: nothing tells yet that it does not live.
        ({"old": {"birth": 1.0}, "new": {"birth": 2.0}}, ["new", "old"]),
    ],
)
def test_a_scheduler_that_was_stopped_is_none(hashes: dict[str, dict[str, float]], living: list[str]) -> None:
    client = FakeClient({f"rq:scheduler_instance:{name}": fields for name, fields in hashes.items()})
    assert schedulers(client) == living


def test_stopping_a_scheduler_leaves_its_key_and_ends_its_count(rq: Rq) -> None:
    command = [str(rq.python), "-c", RUN.format(url=rq.url, name="old")]
    process = subprocess.Popen(command, cwd=rq.directory)
    try:
        eventually(lambda: schedulers(rq.client) == ["old"])
        # It heeds signals only after it has registered.
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert rq.client.exists("rq:scheduler_instance:old")
    assert schedulers(rq.client) == []
