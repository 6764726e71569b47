# SPDX-License-Identifier: GPL-3.0-or-later
"""Two Redis servers: the old one with default settings, the new one with users, as the role `redis` has them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.options import Pair, pair_from

LOCAL = "127.0.0.1"
ADMIN = {"username": "admin", "password": "admin-password"}
REPLICA = {"user": "replica", "password": "replica-password"}
# As the role `redis` writes them.
USERS = """\
user default off resetpass ~* &* +@all
user admin on >admin-password ~* &* +@all
user replica on >replica-password -@all +psync +replconf +ping
"""


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Pair]:
    """Return the new server (replica-to-be) and the old one (primary), on ports of their own."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    old, new = _free_port(), _free_port()
    users = tmp_path / "users.acl"
    users.write_text(USERS, encoding="ascii")
    processes = [_start(tmp_path / "old", old), _start(tmp_path / "new", new, "--aclfile", str(users), **ADMIN)]
    try:
        pair = pair_from(
            {
                "redis_url": f"redis://admin:admin-password@{LOCAL}:{new}",
                "redis_address": f"{LOCAL}:{new}",
                "primary_url": f"redis://{LOCAL}:{old}",
                "primary_address": f"{LOCAL}:{old}",
            }
        )
        yield pair
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def login() -> dict[str, str]:
    """Return how the old server logs in at the new one."""
    return REPLICA


def _start(directory: Path, port: int, *arguments: str, **login: str) -> subprocess.Popen[bytes]:
    directory.mkdir()
    options = ["--port", str(port), "--bind", LOCAL, "--dir", str(directory), "--save", ""]
    process = subprocess.Popen(
        ["redis-server", *options, "--repl-diskless-sync-delay", "0", *arguments], stdout=subprocess.DEVNULL
    )
    _wait(redis.Redis(host=LOCAL, port=port, **login), directory, process)
    return process


def _wait(client: Any, directory: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers, and make sure that it is this test's."""
    deadline = time.monotonic() + 10
    while True:
        try:
            assert client.config_get("dir")["dir"] == str(directory)
        except redis.exceptions.ConnectionError:
            assert process.poll() is None and time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.02)
        else:
            return


def _free_port() -> int:
    with socket.socket() as server:
        server.bind((LOCAL, 0))
        return int(server.getsockname()[1])
