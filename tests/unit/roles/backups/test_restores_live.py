# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores of a real database: until the renames the living one is not touched, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2  # type: ignore[import-untyped]
import pytest

from tests.servers.s3 import S3
from tests.unit.roles.backups.conftest import FILL
from tests.unit.roles.backups.program import DatabaseProgram, ended, in_bucket, until

# Every change is a reason to vacuum, and that takes minutes. A copy has the same of its own: it is part of the table.
SLOW_VACUUM = """ALTER TABLE mail SET (
    autovacuum_vacuum_threshold = 0, autovacuum_vacuum_insert_threshold = 0,
    autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1
)"""


@pytest.fixture
def vacuumed(small: DatabaseProgram) -> Iterator[DatabaseProgram]:
    """The program for a database in which autovacuum is at work; its owner may not end that."""
    server = small.server
    server.execute(small.database, SLOW_VACUUM, FILL.format(20_000))
    server.execute("postgres", "ALTER SYSTEM SET autovacuum_naptime = 1", "SELECT pg_reload_conf()", user="postgres")
    until(lambda: is_vacuuming(small, small.database), what="autovacuum has begun")
    yield small
    server.execute("postgres", "ALTER SYSTEM RESET autovacuum_naptime", "SELECT pg_reload_conf()", user="postgres")


def is_vacuuming(program: DatabaseProgram, database: str) -> bool:
    """Whether autovacuum is at work in `database`."""
    workers = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}' AND backend_type = 'autovacuum worker'"
    return bool(program.server.query("postgres", workers, user="postgres"))


def lose(program: DatabaseProgram) -> dict[str, int]:
    """Damage the database as a bad release would; return what it had."""
    before = program.rows()
    program.server.execute(program.database, "DELETE FROM person", "DELETE FROM mail WHERE id % 2 = 0")
    return before


def identity(program: DatabaseProgram) -> int:
    """The number of the living database, which a rename does not change."""
    found = program.server.query("postgres", f"SELECT oid FROM pg_database WHERE datname = '{program.database}'")
    return int(found[0][0])


def is_restoring(program: DatabaseProgram, database: str) -> bool:
    """Whether data is copied into `database`."""
    copying = f"SELECT 1 FROM pg_stat_progress_copy WHERE datname = '{database}' AND bytes_processed > 1000000"
    return bool(program.server.query("postgres", copying))


def test_a_restore_has_the_rows_of_the_manifest_and_keeps_what_it_replaced(small: DatabaseProgram) -> None:
    made = small.run("backup", "--release", "v1-0123456789ab-89abcdef")
    lose(small)
    lost = small.rows()
    restored = small.run("restore", "newest")
    assert (restored["name"], restored["release"]) == (made["name"], "v1-0123456789ab-89abcdef")
    assert small.rows() == made["rows"]
    assert small.databases() == [small.database, restored["kept"]]
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
        small.rows(restored["kept"])
    # What was replaced was backed up just before, too.
    small.run("restore", restored["backup"])
    assert small.rows() == lost


def test_sessions_of_the_living_database_do_not_stop_a_restore(small: DatabaseProgram) -> None:
    made = small.run("backup")
    before = lose(small)
    session = small.server.connect(small.database)
    small.run("restore", made["name"])
    assert small.rows() == before
    with pytest.raises(psycopg2.OperationalError), session.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_autovacuum_in_the_living_database_does_not_stop_a_restore(vacuumed: DatabaseProgram) -> None:
    made = vacuumed.run("backup")
    lose(vacuumed)
    assert is_vacuuming(vacuumed, vacuumed.database)
    vacuumed.run("restore", made["name"])
    assert vacuumed.rows() == made["rows"]


def test_autovacuum_and_sessions_in_a_copy_do_not_keep_it(vacuumed: DatabaseProgram) -> None:
    vacuumed.run("backup")
    copied = vacuumed.run("copy", "newest")["database"]
    for command in (("copy", "newest"), ("drop-copy",)):
        until(lambda: is_vacuuming(vacuumed, copied), what="autovacuum has begun in the copy")
        vacuumed.server.connect(copied)
        vacuumed.run(*command)
    assert vacuumed.databases() == [vacuumed.database]


def test_a_restore_from_the_bucket(small: DatabaseProgram, bucket_server: S3, bucket: str) -> None:
    small.tell(bucket=in_bucket(bucket, bucket_server))
    made = small.run("backup")
    before = lose(small)
    for file in small.backups.iterdir():
        file.unlink()
    assert small.run("restore", made["s3"])["name"] == made["name"]
    assert small.rows() == before
    # As a run leaves it that is killed while it fetches.
    (small.backups / "killed.dump.partial").write_text("da")
    (small.backups / f"{made['name']}.partial").write_text("da")
    assert small.run("drill", made["s3"])["name"] == made["name"]
    before_fetch = small.files()
    assert not [name for name in before_fetch if name.endswith(".partial")]
    assert "could not be fetched" in small.refuse("drill", f"s3://{bucket}/backups/none.dump")
    assert small.files() == before_fetch


def test_the_newest_backup_may_be_another_hosts(small: DatabaseProgram, bucket_server: S3, bucket: str) -> None:
    """The host that keeps the backups has changed: what the one before has made is in the bucket."""
    small.tell(bucket=in_bucket(bucket, bucket_server))
    old, new = small.run("backup"), small.run("backup", "--reason", "scale-in")
    # Of another thing, of a name that is no backup's, and without its manifest.
    for name in ("other-20990101T000000000000Z-timer.dump", f"{small.database}-2099.dump", f"{new['name']}x.dump"):
        bucket_server.client.put_object(Bucket=bucket, Key=f"backups/{name}", Body=b"")
    bare = f"{small.database}-20990101T000000000000Z-timer.dump"
    bucket_server.client.put_object(Bucket=bucket, Key=f"backups/{bare}", Body=b"")
    for file in small.backups.glob(f"{new['name']}*"):
        file.unlink()
    assert [name for name in small.files() if name.endswith(".dump")] == [old["name"]]
    assert small.run("drill", "newest")["name"] == new["name"]
    for file in small.backups.iterdir():
        file.unlink()
    assert small.run("drill", "newest")["name"] == new["name"]


def test_a_bucket_that_does_not_answer_keeps_no_backup_from_being_restored(
    small: DatabaseProgram, bucket_server: S3
) -> None:
    made = small.run("backup")
    small.tell(bucket=in_bucket("no-such-bucket", bucket_server))
    assert small.run("drill", "newest")["name"] == made["name"]
    for file in small.backups.iterdir():
        file.unlink()
    assert "needs s3:ListBucket" in small.refuse("drill", "newest")


def test_a_kill_in_the_middle_leaves_the_living_database_and_a_rerun_succeeds(large: DatabaseProgram) -> None:
    made = large.run("backup")
    before = lose(large)
    lost, living = large.rows(), identity(large)
    process = large.start("restore", "newest")
    until(lambda: is_restoring(large, f"{large.database}_restore"), what="data is restored")
    process.kill()
    ended(process)
    assert identity(large) == living
    assert large.rows() == lost
    # The same command: by now there is a newer backup, that of the damage.
    restored = large.run("restore", "newest")
    assert restored["name"] == made["name"]
    assert large.rows() == before
    assert large.databases() == [large.database, restored["kept"]]


def test_a_kill_between_refusing_and_renaming_is_mended_by_a_rerun(small: DatabaseProgram) -> None:
    small.run("backup")
    before = lose(small)
    small.server.execute("postgres", f"ALTER DATABASE {small.database} ALLOW_CONNECTIONS false")
    small.run("restore", "newest")
    assert small.rows() == before


def test_a_drill_killed_in_the_middle_leaves_nothing_after_the_next(large: DatabaseProgram) -> None:
    made = large.run("backup")
    process = large.start("drill", "newest")
    until(lambda: is_restoring(large, f"{large.database}_drill"), what="data is restored")
    process.kill()
    ended(process)
    drilled = large.run("drill", "newest")
    assert drilled["rows"] == sum(made["rows"].values())
    assert large.databases() == [large.database]


def test_a_copy_stays_until_it_is_dropped(small: DatabaseProgram) -> None:
    made = small.run("backup")
    copied = small.run("copy", "newest")
    assert small.rows(copied["database"]) == made["rows"]
    small.run("drop-copy")
    assert small.databases() == [small.database]


def test_a_restore_with_other_rows_than_the_manifests_replaces_nothing(small: DatabaseProgram) -> None:
    made = small.run("backup")
    manifest = small.backups / f"{made['name']}.manifest.json"
    manifest.write_text(manifest.read_text().replace('"public.person": 3', '"public.person": 4'))
    living = identity(small)
    assert "other row counts than it was made with: public.person" in small.refuse("restore", made["name"])
    assert identity(small) == living


def test_without_a_backup_nothing_is_restored(small: DatabaseProgram) -> None:
    assert "There is no backup" in small.refuse("restore", "newest")
    assert "is no complete backup" in small.refuse("restore", "other.dump")
    assert small.databases() == [small.database]
