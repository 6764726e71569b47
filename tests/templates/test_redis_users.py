# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Redis with the rendered users: what it keeps over a restart, and whom it lets in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.templates.programs import program
from tests.templates.rendering import Template, render

APPLICATION = {"username": "amy", "password": "application-password"}


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """Run Redis as the role configures it, on a socket of its own, and kill it at the end; return the socket."""
    users = folder / "users.acl"
    users.write_text(render(Template(role="redis", path="users.acl.j2")), encoding="utf-8")
    socket = folder / "redis.sock"
    settings = f"--port 0 --unixsocket {socket} --aclfile {users} --dir {folder} --appendonly yes --appendfsync always"
    process = subprocess.Popen([program("redis-server"), *settings.split()], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert any("ready to accept connections" in line.lower() for line in process.stdout)
        yield socket
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_was_written_in_a_transaction_survives_a_kill(tmp_path: Path) -> None:
    # RQ enqueues, schedules and registers in transactions; Redis replays them with the default user's permissions.
    with server(tmp_path) as socket, redis.Redis(unix_socket_path=str(socket), **APPLICATION) as client:
        with client.pipeline(transaction=True) as transaction:
            transaction.hset("rq:job:1", "data", "x").rpush("rq:queue:default", "1").execute()
        client.set("rq:alone", "1")
    with server(tmp_path) as socket, redis.Redis(unix_socket_path=str(socket), **APPLICATION) as client:
        assert client.get("rq:alone") == b"1"
        assert client.lrange("rq:queue:default", 0, -1) == [b"1"]
        assert client.hget("rq:job:1", "data") == b"x"


@pytest.mark.parametrize("password", [None, "", "application-password"])
def test_the_default_user_is_nobody(tmp_path: Path, password: str | None) -> None:
    with (
        server(tmp_path) as socket,
        redis.Redis(unix_socket_path=str(socket), password=password) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("rq:alone")
