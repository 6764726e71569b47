# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of a real database: what is made is whole, and what is not whole is not kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.servers.pgbouncer import pooler
from tests.servers.postgresql import binaries
from tests.servers.s3 import S3
from tests.unit.roles.backups.conftest import FILL
from tests.unit.roles.backups.program import NO_BUCKET, DatabaseProgram, ended, finished, in_bucket, until, writers

# In the place of pg_dump: what it has written is damaged, and it says that all went well.
DAMAGING_DUMP = """#!/bin/sh
%s/pg_dump "$@" || exit
for argument in "$@"; do case $argument in --file=*) file=${argument#--file=} ;; esac; done
[ -z "$file" ] || %s
"""
# Complains, and does its work.
COMPLAINING = """#!/bin/sh
{programs}/{name} "$@"
code=$?
echo "{name}: warning: there are circular foreign-key constraints on this table: mail" >&2
exit $code
"""
TRUNCATE = 'truncate --size=$(($(stat --format=%s "$file") / 2)) "$file"'
EMPTY = ': > "$file"'
# In the last table's checksum, which 5 bytes follow. A bit of the data before it may make no difference: where a row
# repeats itself, another distance gives the same text.
FLIP = r"""python3 -c '
import sys
with open(sys.argv[1], "r+b") as file:
    place = file.seek(-6, 2)
    byte = file.read(1)[0]
    file.seek(place)
    file.write(bytes([byte ^ 1]))
' "$file" """


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_backup_is_described_as_it_is_and_copied(small: DatabaseProgram, bucket_server: S3, bucket: str) -> None:
    small.tell(bucket=in_bucket(bucket, bucket_server))
    made = small.run("backup", "--reason", "deploy", "--release", "v1-0a1b")
    dump = small.backups / made["name"]
    assert small.files() == [dump.name, f"{dump.name}.manifest.json"]
    assert made["rows"] == small.rows()
    assert made["migrations"] == {"mail": "0002_body"}
    assert made["release"] == "v1-0a1b"
    assert made["database_size"] > dump.stat().st_size
    assert small.run("check")["database_size"] == made["database_size"]
    told = ("name", "started", "reason", "release", "migrations", "s3")
    listed: Any = small.run("list")
    assert listed == [{name: made[name] for name in told}]
    assert dump.stat().st_mode & 0o777 == 0o600
    key = f"backups/{dump.name}"
    stored = bucket_server.client.get_object(Bucket=bucket, Key=key)
    assert stored["Body"].read() == dump.read_bytes()
    assert stored["ServerSideEncryption"] == "AES256"
    manifest = bucket_server.client.get_object(Bucket=bucket, Key=f"{key}.manifest.json")["Body"].read()
    assert json.loads(manifest) == made


def test_a_backup_that_cannot_be_copied_stays_and_says_so(small: DatabaseProgram, bucket_server: S3) -> None:
    small.tell(bucket=in_bucket("unknown", bucket_server))
    assert "could not be copied to s3://unknown/" in small.refuse("backup")
    assert len(small.files()) == 2
    assert "that has a copy in s3://unknown" in small.refuse("check")
    small.tell(bucket=NO_BUCKET)
    assert small.run("check")["s3"] == ""


def test_a_kill_during_the_dump_leaves_no_backup_and_the_next_run_cleans_up(large: DatabaseProgram) -> None:
    process = large.start("backup")
    until(large.is_dumping, what="the dump is written")
    partial = large.backups / large.files()[0]
    process.kill()
    ended(process)
    assert large.files() == [partial.name]
    assert partial.suffix == ".partial"
    assert "There is no backup" in large.refuse("check")
    until(lambda: not writers(partial), seconds=2, what="pg_dump ends with the program that started it")
    made = large.run("backup")
    assert large.files() == [made["name"], f"{made['name']}.manifest.json"]
    assert made["rows"] == large.rows()


def test_of_two_at_once_one_waits_and_both_succeed(large: DatabaseProgram) -> None:
    first = large.start("backup", "--reason", "first")
    until(large.is_dumping, what="the first dump is written")
    second = large.start("backup", "--reason", "second")
    one, two = finished(first), finished(second)
    waited = datetime.fromisoformat(two["started"]) - datetime.fromisoformat(one["started"])
    assert waited.total_seconds() >= one["seconds"]
    assert len(large.files()) == 4


def test_who_has_waited_long_enough_says_so_and_touches_nothing(large: DatabaseProgram, tmp_path: Path) -> None:
    first = large.start("backup")
    until(large.is_dumping, what="the first dump is written")
    large.tell(lock={"file": str(tmp_path / "lock"), "wait": 0})
    assert "Another backup or restore" in large.refuse("backup")
    made = finished(first)
    assert large.files() == [made["name"], f"{made['name']}.manifest.json"]


def test_rows_written_meanwhile_do_not_make_the_manifest_untrue(large: DatabaseProgram) -> None:
    before = large.rows()
    process = large.start("backup")
    until(large.is_dumping, what="the dump is written")
    large.server.execute(large.database, FILL.format(50), "DELETE FROM person")
    made = finished(process)
    assert made["rows"] == before != large.rows()
    assert large.run("drill", "newest")["rows"] == sum(before.values())


def test_a_full_disk_is_refused_leaves_room_and_the_last_good_backup(small: DatabaseProgram, small_disk: Path) -> None:
    small.tell(directory=str(small_disk))
    good = small.run("backup")
    small.server.execute(small.database, FILL.format(400_000))
    assert "No space left on device" in small.refuse("backup")
    assert small.files() == [good["name"], f"{good['name']}.manifest.json"]
    assert small.run("drill", "newest")["name"] == good["name"]


def test_too_little_space_for_twice_the_last_backup_is_refused_before(small: DatabaseProgram, small_disk: Path) -> None:
    small.tell(directory=str(small_disk))
    small.server.execute(small.database, FILL.format(1_000))
    good = small.run("backup")
    (small_disk / "other").write_bytes(bytes((16 << 20) - 3 * good["size"]))
    words = small.refuse("backup")
    assert "MiB free" in words
    assert "a backup may need" in words
    assert small.files() == [good["name"], f"{good['name']}.manifest.json", "other"]


@pytest.mark.parametrize("difference", [-1, 1], ids=["older", "newer"])
def test_a_client_of_another_version_than_the_server_makes_no_backup(
    small: DatabaseProgram, tmp_path: Path, difference: int
) -> None:
    server = int(small.server.query("postgres", "SHOW server_version_num")[0][0]) // 10000
    (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {server + difference}.1'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    small.tell(programs=str(tmp_path))
    words = small.refuse("backup")
    assert f"pg_dump is of PostgreSQL {server + difference}, the server is {server}" in words
    assert f"Set database_engine_version to {server} and run: make configure STAGE=test" in words
    assert small.files() == []


def test_a_program_that_has_not_been_told_of_a_client_uses_the_hosts(small: DatabaseProgram) -> None:
    small.tell(programs="")
    assert small.run("backup")["client_version"]


@pytest.mark.parametrize("damage", [TRUNCATE, EMPTY, FLIP], ids=["truncated", "empty", "flipped"])
def test_a_dump_that_is_written_badly_gets_no_name(small: DatabaseProgram, tmp_path: Path, damage: str) -> None:
    good = small.run("backup")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pg_dump").write_text(DAMAGING_DUMP % (binaries(), damage), encoding="utf-8")
    (programs / "pg_dump").chmod(0o755)
    (programs / "pg_restore").symlink_to(f"{binaries()}/pg_restore")
    small.tell(programs=str(programs))
    assert "cannot be read back" in small.refuse("backup")
    assert small.files() == [good["name"], f"{good['name']}.manifest.json"]


@pytest.mark.parametrize("damage", [TRUNCATE, EMPTY, FLIP], ids=["truncated", "empty", "flipped"])
def test_a_backup_that_is_damaged_later_is_not_restored(small: DatabaseProgram, damage: str) -> None:
    made = small.run("backup")
    before = small.rows()
    subprocess.run(["sh", "-c", damage], env=os.environ | {"file": str(small.backups / made["name"])}, check=True)
    for command in ("drill", "copy", "restore"):
        assert "is not what it was" in small.refuse(command, made["name"])
    assert small.rows() == before
    assert small.databases() == [small.database]


def test_only_what_is_in_the_bucket_counts_for_the_age(small: DatabaseProgram, bucket_server: S3, bucket: str) -> None:
    small.tell(bucket=in_bucket(bucket, bucket_server))
    copied = small.run("backup")
    small.tell(bucket=in_bucket("unknown", bucket_server))
    small.refuse("backup")
    small.tell(bucket=in_bucket(bucket, bucket_server))
    assert small.run("check")["name"] == copied["name"]
    assert f"The newest backup, {copied['name']}, is 0 minutes old" in small.refuse("check", "--max-age", "-1")


def complaining(directory: Path, name: str) -> str:
    """Return a folder of the client's programs, of which one complains whatever it does."""
    programs = directory / f"complaining-{name}"
    programs.mkdir()
    for program in ("pg_dump", "pg_restore"):
        (programs / program).symlink_to(f"{binaries()}/{program}")
    (programs / name).unlink()
    (programs / name).write_text(COMPLAINING.format(programs=binaries(), name=name), encoding="utf-8")
    (programs / name).chmod(0o755)
    return str(programs)


def test_a_collation_of_another_version_is_a_warning_and_the_backup_is_made(
    small: DatabaseProgram, tmp_path: Path
) -> None:
    small.server.execute(
        "postgres",
        f"UPDATE pg_database SET datcollversion = '1.1' WHERE datname = '{small.database}'",
        user="postgres",
    )
    made = small.run("backup")
    assert "collation version" in "\n".join(made["warnings"])
    assert json.loads((small.backups / f"{made['name']}.manifest.json").read_text())["warnings"] == made["warnings"]
    assert small.run("check")["warnings"] == made["warnings"]
    assert json.loads((tmp_path / "log").read_text().splitlines()[-1])["warnings"] == made["warnings"]


@pytest.mark.parametrize("name", ["pg_dump", "pg_restore"])
def test_a_program_that_complains_and_succeeds_has_succeeded(small: DatabaseProgram, tmp_path: Path, name: str) -> None:
    small.tell(programs=complaining(tmp_path, name))
    made = small.run("backup")
    assert "circular foreign-key" in "\n".join(made["warnings"])
    assert small.run("drill", "newest")["rows"] == sum(made["rows"].values())


def test_a_bad_manifest_and_stray_files_stop_nothing_and_are_named(small: DatabaseProgram, tmp_path: Path) -> None:
    good = small.run("backup")
    bad = f"{small.database}-x-timer.dump"
    (small.backups / bad).touch()
    (small.backups / f"{bad}.manifest.json").write_text("{")
    (small.backups / "mine.dump.partial").mkdir()
    made = small.run("backup")
    assert bad in "".join(made["left_out"])
    assert bad in "".join(small.run("check")["left_out"])
    assert bad in json.loads((tmp_path / "log").read_text().splitlines()[-1])["left_out"][0]
    assert small.run("drill", "newest")["name"] == made["name"] != good["name"]
    assert bad in small.refuse("drill", bad)
    small.run("restore", "newest")


def test_a_log_that_cannot_be_written_stops_no_backup(small: DatabaseProgram, tmp_path: Path) -> None:
    small.tell(log_file=str(tmp_path))
    process = small.start("backup")
    output, words = ended(process)
    assert process.returncode == 0, words
    assert json.loads(output)["name"] in small.files()
    assert str(tmp_path) in words


def test_what_no_one_has_foreseen_is_a_message_and_is_in_the_log(small: DatabaseProgram, tmp_path: Path) -> None:
    small.tell(keep={"newest": "many", "days": 1, "months": 1})
    words = small.refuse("backup")
    assert "TypeError" in words
    assert "TypeError" in json.loads((tmp_path / "log").read_text().splitlines()[-1])["error"]


def test_what_pg_dump_does_not_dump_is_not_counted_and_stops_no_backup(small: DatabaseProgram) -> None:
    server, database = small.server, small.database
    temporary = server.connect(database, user="postgres")
    temporary.cursor().execute("CREATE TEMP TABLE import_rows (x int)")
    server.execute(
        database,
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "GRANT USAGE ON FOREIGN SERVER files TO amy",
        # A server that does not answer would stop the program that counts there.
        "CREATE TABLE part (x int) PARTITION BY RANGE (x)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)",
        "CREATE FOREIGN TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20) SERVER files "
        "OPTIONS (filename '/nowhere')",
        "INSERT INTO part VALUES (1), (2)",
        "ALTER TABLE part OWNER TO amy",
        "ALTER TABLE part_1 OWNER TO amy",
        "ALTER FOREIGN TABLE part_2 OWNER TO amy",
        "CREATE TABLE base (x int)",
        "CREATE TABLE child () INHERITS (base)",
        "INSERT INTO child VALUES (1)",
        "ALTER TABLE base OWNER TO amy",
        "ALTER TABLE child OWNER TO amy",
        user="postgres",
    )
    made = small.run("backup")
    rows = {name: count for name, count in made["rows"].items() if name not in small.rows()}
    assert rows == {"public.part": 0, "public.part_1": 2, "public.base": 0, "public.child": 1}
    temporary.close()


def test_tables_without_rights_are_left_out_and_named(small: DatabaseProgram) -> None:
    server, database = small.server, small.database
    server.execute(
        database,
        "CREATE SCHEMA dms",
        "CREATE TABLE dms.ddl_audit (x int)",
        "CREATE TABLE theirs (x int)",
        'CREATE TABLE "od.d ""*" (x int)',
        user="postgres",
    )
    made = small.run("backup")
    assert made["rows"] == small.rows()
    told = "\n".join(made["warnings"])
    for name in ("dms", '"public"."theirs"', '"public"."od.d ""*"'):
        assert name in told, told
    assert small.run("drill", "newest")["rows"] == sum(made["rows"].values())


HOSTILE = {
    "statement_timeout": "200ms",
    "lock_timeout": "50ms",
    "idle_in_transaction_session_timeout": "200ms",
    "idle_session_timeout": "200ms",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "search_path": "nowhere",
    "DateStyle": "SQL, DMY",
    "TimeZone": "Asia/Kolkata",
    "row_security": "off",
    "standard_conforming_strings": "off",
}


@pytest.mark.parametrize("where", ["ROLE amy", "DATABASE {}"])
def test_settings_of_the_role_and_of_the_database_do_not_reach_the_program(
    small: DatabaseProgram, tmp_path: Path, where: str
) -> None:
    # A client that begins late.
    small.server.execute(small.database, FILL.format(30_000))
    programs = tmp_path / "late"
    programs.mkdir()
    for program in ("pg_dump", "pg_restore"):
        (programs / program).write_text(f'#!/bin/sh\nsleep 0.3\nexec {binaries()}/{program} "$@"\n', encoding="utf-8")
        (programs / program).chmod(0o755)
    small.tell(programs=str(programs))
    target = where.format(small.database)
    for name, value in HOSTILE.items():
        small.server.execute("postgres", f"ALTER {target} SET {name} = '{value}'", user="postgres")
    try:
        made = small.run("backup")
        assert made["migrations"] == {"mail": "0002_body"}
        assert small.run("drill", "newest")["rows"] == sum(made["rows"].values())
        small.run("restore", "newest")
    finally:
        small.server.execute("postgres", f"ALTER {target} RESET ALL", user="postgres")


def test_a_pooler_is_refused_by_name(small: DatabaseProgram, tmp_path: Path) -> None:
    with pooler(small.server) as pooled:
        services = tmp_path / "service.conf"
        services.write_text(services.read_text().replace(str(small.server.directory), str(pooled.directory)))
        for command in (("backup",), ("check-restore",)):
            words = small.refuse(*command)
            assert "is a connection pooler" in words
            assert "Let database_host name the server itself" in words
    assert small.files() == []


def test_rows_that_are_hidden_from_the_user_are_named_with_the_cure(small: DatabaseProgram) -> None:
    small.server.execute(
        small.database,
        "ALTER TABLE person ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE person FORCE ROW LEVEL SECURITY",
        "CREATE POLICY visible ON person USING (id = 1)",
    )
    words = small.refuse("backup")
    assert 'hides rows of "public"."person" from amy' in words
    assert "ALTER ROLE amy BYPASSRLS" in words
