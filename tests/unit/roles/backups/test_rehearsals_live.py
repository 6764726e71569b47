# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies on a server of their own: two real servers, of which the database's own may not create one database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.migrations import PROGRAM, MigrationError, migrate

from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries, cluster
from tests.unit.roles.backups.program import DatabaseProgram, ended, until

MIGRATION = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = {before}
    operations = [{operation}]
"""
PENDING = {
    "0001_initial": ([], ""),
    "0002_body": ([("mail", "0001_initial")], ""),
    "0003_letter": ([("mail", "0002_body")], 'migrations.RunSQL("CREATE TABLE letter (id int)")'),
}


@pytest.fixture(scope="module")
def other() -> Iterator[Cluster]:
    """The server for rehearsals."""
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server (initdb): apt-get install postgresql")
    with cluster(programs) as started:
        yield started


@pytest.fixture
def program(small: DatabaseProgram, other: Cluster) -> Iterator[DatabaseProgram]:
    """The program, told of both servers; the one that its database is on refuses to create any."""
    small.rehearse_on(other)
    small.server.execute("postgres", f"ALTER ROLE {USER} NOCREATEDB", user="postgres")
    yield small
    small.server.execute("postgres", f"ALTER ROLE {USER} CREATEDB", user="postgres")
    for name in small.databases(other):
        other.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)", user="postgres")


MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""


class Application:
    """A Django application whose settings lead to the database itself, and which has one migration too many for it."""

    def __init__(self, directory: Path, program: DatabaseProgram) -> None:
        self._directory = directory
        migrations = directory / "mail" / "migrations"
        migrations.mkdir(parents=True)
        for name, (before, operation) in PENDING.items():
            (migrations / f"{name}.py").write_text(MIGRATION.format(before=before, operation=operation))
        for folder in (migrations, migrations.parent):
            (folder / "__init__.py").write_text("")
        server = {"ENGINE": "django.db.backends.postgresql", "HOST": str(program.server.directory), "PORT": ""}
        database = {**server, "NAME": program.database, "USER": USER, "PASSWORD": PASSWORD}
        (directory / "settings.py").write_text(
            f"DATABASES = {{'default': {database!r}}}\nINSTALLED_APPS = ['mail']\nSECRET_KEY = 'none'\n"
        )
        (directory / "manage.py").write_text(MANAGE)
        program.server.execute(program.database, "ALTER TABLE django_migrations ADD COLUMN applied timestamptz")

    def migrate(self, database: str, server: Cluster | None) -> list[str]:
        """Migrate DATABASE on SERVER as the module does; return the migrations that were applied."""
        leading = {"host": str(server.directory), "port": 5432, "user": USER, "password": PASSWORD} if server else None
        options: dict[str, Any] = {"commands": ["migrate --noinput"], "check_mode": False}
        done = migrate(self._run, **options, lock_timeout=5, lock_wait=5, database=database, server=leading)
        applied: list[str] = done.applied
        return applied

    def _run(self, line: str) -> tuple[int, str, str]:
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-c", PROGRAM],
            input=line + "\n",
            cwd=self._directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


def test_copy_migration_and_drop_happen_on_the_named_server(
    program: DatabaseProgram, other: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "application").mkdir()
    application = Application(tmp_path / "application", program)
    made = program.run("backup")
    copied = program.run("copy", "newest")["database"]
    assert program.databases(other) == [copied]
    assert copied_rows(other, copied) == made["rows"]["public.mail"]
    assert application.migrate(copied, other) == ["mail.0003_letter"]
    assert other.query(copied, "SELECT to_regclass('letter') IS NOT NULL") == [(True,)]
    assert program.server.query(program.database, "SELECT to_regclass('letter') IS NULL") == [(True,)]
    assert program.databases() == [program.database]
    program.run("drop-copy")
    assert program.databases(other) == []


def test_a_release_that_is_not_led_to_the_named_server_migrates_nothing(
    program: DatabaseProgram, other: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "application").mkdir()
    application = Application(tmp_path / "application", program)
    program.run("backup")
    copied = program.run("copy", "newest")["database"]
    with pytest.raises(MigrationError, match=f'database "{copied}" does not exist'):
        application.migrate(copied, None)


def test_a_drill_happens_on_the_named_server(program: DatabaseProgram, other: Cluster) -> None:
    made = program.run("backup")
    assert program.run("drill", "newest")["rows"] == sum(made["rows"].values())
    assert (program.databases(), program.databases(other)) == ([program.database], [])


def test_a_control_without_a_named_server_the_copy_is_refused_there(program: DatabaseProgram) -> None:
    program.run("backup")
    program.tell(rehearsal_service="amy")
    assert f"The user {USER} may not create databases" in program.refuse("copy", "newest")
    assert program.run("check-rehearsal")["elsewhere"] is False


def test_what_a_crash_has_left_on_either_server_goes(large: DatabaseProgram, other: Cluster) -> None:
    large.run("backup")
    beside = large.run("copy", "newest")["database"]
    assert large.databases() == [large.database, beside]
    large.rehearse_on(other)
    copying = f"SELECT 1 FROM pg_stat_progress_copy WHERE datname = '{beside}' AND bytes_processed > 1000000"
    process = large.start("copy", "newest")
    until(lambda: other.query("postgres", copying), what="data is restored there")
    process.kill()
    ended(process)
    assert large.databases() == [large.database]
    assert large.databases(other) == [beside]
    large.run("copy", "newest")
    large.run("drop-copy")
    assert large.databases(other) == []


def test_a_server_without_connections_to_spare_is_refused(program: DatabaseProgram, other: Cluster) -> None:
    program.run("backup")
    held = [other.connect() for _ in range(32)]
    try:
        assert "connections left, and a restore needs" in program.refuse("copy", "newest", code=75)
    finally:
        for connection in held:
            connection.close()
    assert program.databases(other) == []


def test_a_server_is_checked_before_anything_is_made(program: DatabaseProgram, other: Cluster) -> None:
    version = int(other.query("postgres", "SHOW server_version_num")[0][0]) // 10000
    assert program.run("check-rehearsal") == {"server_version": version, "elsewhere": True}
    other.execute("postgres", f"ALTER ROLE {USER} NOLOGIN", user="postgres")
    try:
        assert "is not permitted to log in" in program.refuse("check-rehearsal")
        assert program.files() == []
    finally:
        other.execute("postgres", f"ALTER ROLE {USER} LOGIN", user="postgres")


def test_a_user_that_may_not_create_databases_there_is_refused(program: DatabaseProgram, other: Cluster) -> None:
    other.execute("postgres", f"ALTER ROLE {USER} NOCREATEDB", user="postgres")
    try:
        assert f"The user {USER} may not create databases" in program.refuse("check-rehearsal")
    finally:
        other.execute("postgres", f"ALTER ROLE {USER} CREATEDB", user="postgres")


def test_an_older_server_than_the_one_of_the_dump_is_refused(program: DatabaseProgram, other: Cluster) -> None:
    made = program.run("backup")
    manifest = program.backups / f"{made['name']}.manifest.json"
    newer = made["server_version"] + 1
    manifest.write_text(manifest.read_text().replace(f'"server_version": {newer - 1}', f'"server_version": {newer}'))
    assert f"is of PostgreSQL {newer}, and the server that it would be restored on is" in program.refuse(
        "copy", made["name"]
    )
    assert program.databases(other) == []


def test_a_dump_of_a_newer_client_is_named(program: DatabaseProgram, other: Cluster) -> None:
    made = program.run("backup")
    manifest = program.backups / f"{made['name']}.manifest.json"
    newer = made["client_version"] + 1
    manifest.write_text(manifest.read_text().replace(f'"client_version": {newer - 1}', f'"client_version": {newer}'))
    assert f"was made by pg_dump of PostgreSQL {newer}" in program.refuse("copy", "newest")
    assert program.databases(other) == []


def copied_rows(server: Cluster, database: str) -> int:
    return int(server.query(database, "SELECT count(*) FROM mail")[0][0])
