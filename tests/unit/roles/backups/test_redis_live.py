# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a real Redis, by the user that the role `redis` makes for them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.redis import BACKUP_PASSWORD, redis_server
from tests.servers.s3 import S3
from tests.unit.roles.backups.program import RedisProgram, ended, in_bucket, until

TRUNCATE = 'truncate --size=-20 "$file"'
EMPTY = ': > "$file"'
FLIP = 'printf X | dd of="$file" bs=1 seek=300 conv=notrunc status=none'
DAMAGING_CLIENT = """#!/bin/sh
/usr/bin/redis-cli "$@" || exit
while [ $# -gt 0 ]; do [ "$1" != --rdb ] || file=$2; shift; done
[ -z "$file" ] || %s
"""


@pytest.fixture
def server() -> Iterator[tuple[Path, Any]]:
    """A Redis with data in two databases."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with redis_server() as (socket, client):
        client.mset({f"rq:job:{number}": os.urandom(20) for number in range(100)})
        client.execute_command("SELECT", 2)
        client.zadd("rq:scheduler:scheduled_jobs", {"a": 1.0})
        yield socket, client


@pytest.fixture
def program(server: tuple[Path, Any], tmp_path: Path) -> RedisProgram:
    """The program, as the user that may only copy."""
    return RedisProgram(tmp_path, server=["-s", str(server[0])], user="backup", password=BACKUP_PASSWORD)


def test_a_backup_has_every_key_is_copied_and_loads(program: RedisProgram, bucket_server: S3, bucket: str) -> None:
    program.tell(bucket=in_bucket(bucket, bucket_server))
    made = program.run("backup")
    assert made["keys"] == 101
    assert program.files() == [made["name"], f"{made['name']}.manifest.json"]
    stored = bucket_server.client.get_object(Bucket=bucket, Key=f"backups/{made['name']}")
    assert stored["Body"].read() == (program.backups / made["name"]).read_bytes()
    assert program.run("check")["s3"] == made["s3"]
    drilled = program.run("drill", "newest")
    assert (drilled["keys"], drilled["expired"]) == (101, 0)
    for file in program.backups.iterdir():
        file.unlink()
    assert program.run("drill", made["s3"])["keys"] == 101
    assert len(program.files()) == 2


def test_a_key_whose_time_has_passed_is_no_loss(program: RedisProgram, server: tuple[Path, Any]) -> None:
    server[1].set("rq:results:a", "1", px=8000)
    program.run("backup")
    until(lambda: not server[1].exists("rq:results:a"), what="its time has passed")
    drilled = program.run("drill", "newest")
    assert (drilled["keys"], drilled["expired"]) == (101, 1)


@pytest.mark.parametrize("damage", [TRUNCATE, EMPTY, FLIP], ids=["truncated", "empty", "flipped"])
def test_a_bad_copy_gets_no_name_and_a_damaged_backup_is_not_loaded(
    program: RedisProgram, tmp_path: Path, damage: str
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "redis-cli").write_text(DAMAGING_CLIENT % damage, encoding="utf-8")
    (programs / "redis-cli").chmod(0o755)
    assert "cannot be read back" in program.refuse("backup", path=programs)
    assert program.files() == []
    made = program.run("backup")
    subprocess.run(["sh", "-c", damage], env=os.environ | {"file": str(program.backups / made["name"])}, check=True)
    assert "is not what it was" in program.refuse("drill", made["name"])


def test_a_backup_with_other_keys_than_the_manifests_fails_the_drill(program: RedisProgram) -> None:
    made = program.run("backup")
    manifest = program.backups / f"{made['name']}.manifest.json"
    manifest.write_text(manifest.read_text().replace('"keys": 101', '"keys": 102'))
    assert "has 101 keys when loaded, and had 102 when made" in program.refuse("drill", "newest")


def test_a_drill_that_was_killed_does_not_stop_the_next(program: RedisProgram) -> None:
    program.run("backup")
    process = program.start("drill", "newest")
    until((program.backups / ".private" / "dump.rdb").exists, what="the drill has begun")
    process.kill()
    ended(process)
    assert program.run("drill", "newest")["keys"] == 101
    assert len(program.files()) == 2


def test_a_redis_that_keeps_a_log_starts_with_what_was_prepared(program: RedisProgram, tmp_path: Path) -> None:
    program.run("backup")
    prepared = program.run("prepare", "newest")
    assert prepared["keys"] == 101
    with redis_server("--appendonly", "yes", log=Path(prepared["directory"])) as (_, client):
        assert client.dbsize() == 100
        client.execute_command("SELECT", 2)
        assert client.zscore("rq:scheduler:scheduled_jobs", "a") == 1.0


def test_a_redis_that_does_not_answer_is_named(program: RedisProgram, server: tuple[Path, Any]) -> None:
    good = program.run("backup")
    program.tell(password="wrong-password-1")
    assert "Redis does not serve the user backup" in program.refuse("backup")
    program.tell(server=["-s", "/nowhere"])
    assert "systemctl status redis-server" in program.refuse("backup")
    assert program.run("check")["name"] == good["name"]


def test_old_backups_go_when_a_newer_one_is_there(program: RedisProgram) -> None:
    program.tell(keep={"newest": 2, "days": 1, "months": 1})
    names = [program.run("backup")["name"] for _ in range(3)]
    assert [name for name in program.files() if name.endswith(".rdb")] == names[1:]


def test_a_bad_manifest_stops_nothing_and_is_named(program: RedisProgram) -> None:
    program.run("backup")
    (program.backups / "redis-x.rdb").touch()
    (program.backups / "redis-x.rdb.manifest.json").write_text('{"name": 1}')
    made = program.run("backup")
    assert "redis-x.rdb" in made["left_out"][0]
    assert "redis-x.rdb" in program.run("check")["left_out"][0]
    assert program.run("drill", "newest")["name"] == made["name"]
