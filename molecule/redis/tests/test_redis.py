# SPDX-License-Identifier: GPL-3.0-or-later
"""What Redis gives, refuses and survives."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
import support

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-redis"]

PASSWORDS = {"amy": "molecule-application", "admin": "molecule-administrator", "backup": "molecule-backup-user"}

# Appends numbers to a list, and to a file each number that Redis has acknowledged, until Redis is gone.
WRITER = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", 6379))
answers = connection.makefile("rb")
def ask(line):
    connection.sendall(line.encode() + b"\\r\\n")
    return answers.readline()
ask("AUTH amy molecule-application")
with open("/root/acknowledged", "w", buffering=1) as acknowledged:
    for number in range(10**9):
        if not ask(f"RPUSH rq:test:writes {number}").startswith(b":"):
            break
        acknowledged.write(f"{number}\\n")
"""


def redis(host: Host, command: str, *, user: str | None = "amy") -> str:
    """What Redis answers to COMMAND, errors included."""
    login = f"REDISCLI_AUTH={PASSWORDS[user]} redis-cli --user {user}" if user else "redis-cli"
    result = host.run(f"{login} {command}")
    return str(result.stdout + result.stderr).strip()


def serves(host: Host) -> bool:
    """Whether the application gets an answer."""
    return redis(host, "PING") == "PONG"


def process(host: Host) -> str:
    """The number of the running Redis."""
    return str(host.run("systemctl show redis-server --property=MainPID --value").stdout.strip())


@pytest.fixture(autouse=True)
def empty(host: Host) -> Iterator[None]:
    """Leave no key behind."""
    yield
    support.until(lambda: serves(host), what="Redis serves")
    assert redis(host, "FLUSHALL", user="admin") == "OK"


def test_a_stranger_gets_nothing(host: Host) -> None:
    assert "NOAUTH" in redis(host, "PING", user=None)


def test_it_listens_on_the_private_address_and_itself_only(host: Host) -> None:
    address = host.run("hostname -I").stdout.split()[0]
    assert sorted(host.run("ss -Hltn 'sport = 6379' | awk '{print $4}'").stdout.split()) == sorted(
        [f"{address}:6379", "127.0.0.1:6379"]
    )


@pytest.mark.parametrize(
    "command",
    ["RPUSH rq:queue:default 1", "HSET rq:job:1 data x", "PUBLISH rq:pubsub:w stop", "INFO server", "CLIENT LIST"],
)
def test_the_application_may_do_what_rq_does(host: Host, command: str) -> None:
    assert "NOPERM" not in redis(host, command)


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "KEYS '*'",
        "CONFIG GET dir",
        "EVAL 'return 1' 0",
        "SHUTDOWN",
        "REPLICAOF NO ONE",
        "ACL LIST",
        "CLIENT KILL TYPE normal",
        "SET other 1",
        "GET other",
        "PUBLISH other 1",
    ],
)
def test_the_application_may_do_nothing_else(host: Host, command: str) -> None:
    assert "NOPERM" in redis(host, command)


def test_the_backup_user_copies_everything_and_does_nothing_else(host: Host) -> None:
    assert "NOPERM" in redis(host, "SET rq:x 1", user="backup")
    assert "NOPERM" in redis(host, "GET rq:x", user="backup")
    assert "finished with success" in redis(host, "--rdb /root/copy.rdb", user="backup")


def test_no_password_is_in_a_file_of_redis(host: Host) -> None:
    files = host.run("cat /etc/redis/* /etc/systemd/system/redis-server.service.d/* /var/log/redis/*.log").stdout
    assert "user amy on" in files
    assert not [password for password in PASSWORDS.values() if password in files]


def test_every_acknowledged_write_survives_a_kill(host: Host) -> None:
    host.run_expect([0], f"systemd-run --collect --unit=writer /usr/bin/python3 -c {shlex.quote(WRITER)}")
    support.until(lambda: int("0" + redis(host, "LLEN rq:test:writes")) > 300, what="300 writes")
    before = process(host)
    host.run_expect([0], f"kill -9 {before}")
    support.until(lambda: host.run("systemctl is-active writer").stdout.strip() != "active", what="the writer ends")
    support.until(lambda: serves(host), what="Redis is back")
    assert process(host) != before
    acknowledged = host.file("/root/acknowledged").content_string.split()
    stored = redis(host, "LRANGE rq:test:writes 0 -1").split()
    assert len(acknowledged) > 300
    # One write may have reached the disk without its answer reaching the writer.
    assert stored[: len(acknowledged)] == acknowledged
    assert len(stored) <= len(acknowledged) + 1


def test_a_transaction_survives_a_restart(host: Host) -> None:
    # RQ enqueues and schedules in transactions.
    commands = "MULTI\\nRPUSH rq:queue:default 1\\nZADD rq:scheduler:scheduled_jobs 1 1\\nEXEC\\n"
    login = f"REDISCLI_AUTH={PASSWORDS['amy']} redis-cli --user amy"
    host.run_expect([0], f"printf '{commands}' | {login}")
    host.run_expect([0], "systemctl kill --signal=KILL redis-server")
    support.until(lambda: serves(host), what="Redis is back")
    assert redis(host, "LLEN rq:queue:default") == "1"
    assert redis(host, "ZCARD rq:scheduler:scheduled_jobs") == "1"


def test_full_memory_refuses_new_jobs_and_evicts_none(host: Host) -> None:
    redis(host, "SET rq:old 1 EX 1000")
    try:
        assert redis(host, "CONFIG SET maxmemory 1", user="admin") == "OK"
        assert "OOM" in redis(host, "SET rq:new 1")
        assert redis(host, "GET rq:old") == "1"
    finally:
        redis(host, "CONFIG SET maxmemory 64mb", user="admin")


def test_it_is_back_after_a_reboot_with_its_data(host: Host) -> None:
    redis(host, "SET rq:kept 1")
    support.restart(host)
    support.until(lambda: serves(host), what="Redis is back")
    assert redis(host, "GET rq:kept") == "1"


def test_a_configuration_that_an_interrupted_run_has_left_is_taken_on(host: Host) -> None:
    before = process(host)
    # As it is between the writing and the restart.
    host.run_expect([0], "touch /etc/redis/redis.conf")
    assert support.converge("redis").succeeded
    after = process(host)
    assert after != before
    assert support.converge("redis").succeeded
    assert process(host) == after


def test_users_that_an_interrupted_run_has_left_are_loaded_without_a_restart(host: Host) -> None:
    before = process(host)
    assert redis(host, "ACL SETUSER amy -get", user="admin") == "OK"
    host.run_expect([0], "touch /etc/redis/users.acl")
    assert support.converge("redis").succeeded
    assert "NOPERM" not in redis(host, "GET rq:x")
    assert process(host) == before


def test_it_logs_to_the_new_file_after_a_rotation(host: Host) -> None:
    host.run_expect([0], "logrotate --force /etc/logrotate.d/redis-server")
    host.run_expect([0], "systemctl restart redis-server")
    support.until(lambda: serves(host), what="Redis serves")
    assert "Ready to accept connections" in host.file("/var/log/redis/redis-server.log").content_string


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("configuration", "appendonly maybe\n", "argument must be 'yes' or 'no'"),
        ("configuration", "no-such-setting 1\n", "no-such-setting 1"),
        ("users", "user amy on +no-such-command\n", "Unknown command"),
    ],
)
def test_a_broken_file_is_found_before_redis_reads_it(host: Host, kind: str, text: str, error: str) -> None:
    host.run_expect([0], f"printf %s {shlex.quote(text)} > /root/broken")
    result = host.run(f"check-redis-configuration {kind} /root/broken")
    assert result.rc == 1
    assert error in result.stderr


def test_the_installed_files_pass_the_same_check(host: Host) -> None:
    host.run_expect([0], "check-redis-configuration configuration /etc/redis/redis.conf")
    host.run_expect([0], "check-redis-configuration users /etc/redis/users.acl")
