# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Redis with the rendered users: what it keeps over a restart, and which clients it lets in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.templates.programs import program
from tests.templates.rendering import Template, evaluate, render

APPLICATION = {"username": "amy", "password": "application-password"}


@contextmanager
def server(folder: Path, **told: Any) -> Iterator[Path]:
    """Run Redis as the role configures it, on a socket of its own, and kill it at the end; return the socket.

    `told` are variables of the role.
    """
    users = folder / "users.acl"
    users.write_text(render(Template(role="redis", path="users.acl.j2"), **told), encoding="utf-8")
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
def test_no_client_is_the_default_user(tmp_path: Path, password: str | None) -> None:
    with (
        server(tmp_path) as socket,
        redis.Redis(unix_socket_path=str(socket), password=password) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("rq:alone")


SCRIPTS = {"redis_application_rules": ["+eval", "+evalsha", "+script|load"]}
CACHE = {"redis_key_patterns": ["rq:*", "cache:*"]}


def empty_queue(client: redis.Redis) -> None:
    """What the button "Empty queue" of django-rq does."""
    client.eval("return redis.call('del', KEYS[1])", 1, "rq:queue:default")


def take_lock(client: redis.Redis) -> None:
    """What `cache.lock` of django-redis does."""
    with client.lock("cache:lock", timeout=5):
        pass


@pytest.mark.parametrize(
    ("use", "told", "refused"),
    [
        (empty_queue, {}, "'eval' command"),
        (empty_queue, SCRIPTS, ""),
        (take_lock, {}, "one of the keys"),
        (take_lock, CACHE, "'evalsha' command"),
        (take_lock, SCRIPTS | CACHE, ""),
        # A script may do what its user may.
        (lambda client: client.eval("return redis.call('set', 'other', 1)", 0), SCRIPTS, "key"),
        (lambda client: client.eval("return redis.call('flushall')", 0), SCRIPTS, "run this command|permission"),
        # It would take the jobs along.
        (lambda client: client.flushdb(), SCRIPTS | CACHE, "'flushdb' command"),
    ],
)
def test_a_stage_adds_what_else_the_application_may_do(
    tmp_path: Path, use: Callable[[redis.Redis], None], told: dict[str, list[str]], refused: str
) -> None:
    with (
        server(tmp_path, **told) as socket,
        redis.Redis(unix_socket_path=str(socket), **APPLICATION) as client,
        pytest.raises(redis.ResponseError, match=refused) if refused else nullcontext(),
    ):
        use(client)


# As roles/redis/tasks/validate.yml asks.
WRONG_RULES = "redis_application_rules | reject('match', __redis_rule) | list"


@pytest.mark.parametrize("rule", ["+eval", "-hget", "+script|load", "+@scripting", "+client|no-evict"])
def test_a_rule_about_commands_is_one(rule: str) -> None:
    assert evaluate("redis", WRONG_RULES, redis_application_rules=[rule]) == []


@pytest.mark.parametrize(
    "rule", ["on", "nopass", ">secret", "~*", "+eval ~*", "+eval\nuser x on nopass +@all", "&*", "+"]
)
def test_what_is_no_rule_about_commands_is_refused(rule: str) -> None:
    assert evaluate("redis", WRONG_RULES, redis_application_rules=[rule]) == [rule]
