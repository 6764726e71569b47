# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's user of the database, made by the role on a real PostgreSQL: what it may, and what it may not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import pytest
from ansible_collections.carpentries.amy.plugins.module_utils import release_health
from ansible_collections.carpentries.amy.plugins.module_utils.http_proof import Check

from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries, cluster
from tests.unit.plugins.module_utils.test_migrations_live import ITEM_MODEL, SHOP_1, Migration, Release
from tests.unit.roles.backups.program import DatabaseProgram

ROOT = Path(__file__).parents[4]
NUMBERS = count()
OWNER = {"user": USER, "password": PASSWORD}
URLS = """
from django.db import connection
from django.http import HttpResponse
from django.urls import path

def answer(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM late")
        return HttpResponse(str(cursor.fetchall()))

urlpatterns = [path("", answer)]
"""
SECOND: Migration = (
    "0002_more",
    "",
    [("shop", "0001_initial")],
    'migrations.RunSQL("CREATE TABLE late (id serial)")',
)
PLAYBOOK = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "roles": [{"role": "carpentries.amy.database_application"}],
    }
]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Cluster]:
    """A server whose master user may make roles, as that of RDS."""
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server (initdb): apt-get install postgresql")
    with cluster(programs) as started:
        started.execute("postgres", f"ALTER ROLE {USER} CREATEROLE", user="postgres")
        yield started


class Stage:
    """A database of a stage, and the role that makes its application's user."""

    def __init__(self, server: Cluster, folder: Path, like: Stage | None = None) -> None:
        self.server, self.folder, number = server, folder, next(NUMBERS)
        self.database = f"site{number}"
        self.user: str = like.user if like else f"application{number}"
        server.execute("postgres", f"CREATE DATABASE {self.database} TEMPLATE {like.database if like else 'template1'}")

    def apply(self, *arguments: str, **variables: Any) -> tuple[int, str]:
        """Apply the role, and return how many tasks have changed something, and what was said."""
        told = {
            "database_application_user": self.user,
            "database_application_password": PASSWORD,
            "database_application_owner": USER,
            "database_application_owner_password": PASSWORD,
            "database_application_database": self.database,
            "database_application_host": str(self.server.directory),
            "ansible_python_interpreter": sys.executable,
            "stage": "test",
        }
        (self.folder / "playbook.json").write_text(json.dumps(PLAYBOOK))
        (self.folder / "variables.json").write_text(json.dumps(told | variables))
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        done = subprocess.run(
            [
                program,
                "-i",
                "localhost,",
                "-e",
                f"@{self.folder}/variables.json",
                *arguments,
                f"{self.folder}/playbook.json",
            ],
            cwd=self.folder,
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/.collections"},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert PASSWORD not in said
        assert json.dumps(PASSWORD) not in said
        return (int(said.partition("changed=")[2].split()[0]) if done.returncode == 0 else -1), said

    def as_owner(self, *statements: str) -> None:
        """Run statements as the owner."""
        self.server.execute(self.database, *statements)

    def as_application(self, *statements: str) -> None:
        """Run statements as the application."""
        self.server.execute(self.database, *statements, user=self.user)


@pytest.fixture
def stage(postgresql: Cluster, tmp_path: Path) -> Stage:
    """A stage whose application is the owner."""
    return Stage(postgresql, tmp_path)


@pytest.fixture(scope="module")
def template(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage whose application has a user of its own, and whose database is empty."""
    made = Stage(postgresql, tmp_path_factory.mktemp("template"))
    made.apply()
    return made


@pytest.fixture
def divided(template: Stage, tmp_path: Path) -> Stage:
    """Such a stage."""
    return Stage(template.server, tmp_path, like=template)


def test_it_reads_and_writes_rows_and_changes_no_table(stage: Stage) -> None:
    stage.as_owner('CREATE TABLE "odd, 50% name" (id serial PRIMARY KEY)', "CREATE SCHEMA more")
    stage.as_owner(
        "CREATE FUNCTION secret() RETURNS int LANGUAGE sql AS 'SELECT 1'", "REVOKE ALL ON FUNCTION secret() FROM PUBLIC"
    )
    dry, said = stage.apply("--check")
    assert dry == 1, said
    assert stage.server.query("postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{stage.user}'") == []
    changed, said = stage.apply()
    assert changed == 2, said
    assert stage.apply()[0] == 0
    # What is made later is its own to use, too: in any schema.
    stage.as_owner(
        "CREATE TABLE more.late (id serial, name text)", "CREATE SCHEMA younger", "CREATE TABLE younger.x (id int)"
    )
    stage.as_application(
        'INSERT INTO "odd, 50% name" DEFAULT VALUES',
        "INSERT INTO more.late (name) VALUES ('a')",
        "UPDATE more.late SET name = 'b'",
        "DELETE FROM more.late",
        "INSERT INTO younger.x VALUES (1)",
        "SELECT secret(), setval('more.late_id_seq', 5)",
        "CREATE TEMPORARY TABLE mine (id int)",
    )
    for refused in (
        "DROP TABLE more.late",
        "ALTER TABLE more.late ADD COLUMN x int",
        "TRUNCATE more.late",
        "CREATE TABLE public.own (id int)",
        "CREATE TABLE more.own (id int)",
        "CREATE SCHEMA own",
        "CREATE DATABASE own",
        "CREATE ROLE own",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            stage.as_application(refused)
    assert stage.apply()[0] == 0


def test_the_password_of_the_secret_is_the_one_that_lets_in(stage: Stage) -> None:
    stage.apply(database_application_password="another")
    with pytest.raises(psycopg2.OperationalError, match="password authentication"):
        stage.as_application("SELECT 1")
    assert stage.apply("--check")[0] == 1
    assert stage.apply()[0] == 1
    stage.as_application("SELECT 1")


def test_no_log_of_the_server_has_the_password(stage: Stage) -> None:
    stage.server.execute("postgres", f"ALTER ROLE {USER} SET log_statement = 'all'", user="postgres")
    try:
        stage.apply(database_application_password="unheard-of")
    finally:
        stage.server.execute("postgres", f"ALTER ROLE {USER} RESET ALL", user="postgres")
    log = (stage.server.directory / "log").read_text()
    assert f'CREATE USER "{stage.user}"' in log
    assert "unheard-of" not in log


def test_everyone_could_create_objects_before_postgresql_15(stage: Stage) -> None:
    stage.server.execute(stage.database, "GRANT CREATE ON SCHEMA public TO PUBLIC", user="postgres")
    stage.apply()
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stage.as_application("CREATE TABLE public.own (id int)")
    # Where the schema is another's, as there, only that one can revoke it.
    stage.server.execute(
        stage.database,
        "ALTER SCHEMA public OWNER TO postgres",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        user="postgres",
    )
    changed, said = stage.apply()
    assert changed == 0
    assert "REVOKE CREATE ON SCHEMA public FROM PUBLIC" in said


def test_what_others_have_made_stops_nothing(stage: Stage) -> None:
    """GRANT ... ON ALL FUNCTIONS, or TABLES, fails as a whole at a single one that the owner may not grant."""
    stage.server.execute(
        stage.database,
        "CREATE EXTENSION dblink",
        "CREATE TABLE public.private (id int)",
        "ALTER TABLE public.private OWNER TO postgres",
        user="postgres",
    )
    stage.as_owner(
        "CREATE TABLE own (id int)", f"ALTER DATABASE {stage.database} SET default_transaction_read_only = on"
    )
    assert stage.apply()[0] == 2
    stage.as_application("SELECT * FROM own")
    assert stage.apply()[0] == 0


def test_a_user_that_owns_something_is_refused_with_what_to_run(divided: Stage) -> None:
    stage = divided
    stage.as_owner("CREATE TABLE handed (id int)", f"GRANT CREATE ON SCHEMA public TO {stage.user}")
    stage.as_owner(f"ALTER TABLE handed OWNER TO {stage.user}")
    changed, said = stage.apply()
    assert changed == -1
    words = " ".join(said.split())
    assert "it owns table public.handed" in words
    assert f"REASSIGN OWNED BY {stage.user} TO {USER}" in words
    stage.as_owner(f"REASSIGN OWNED BY {stage.user} TO {USER}")
    assert stage.apply()[0] >= 0
    stage.as_application("SELECT * FROM handed")


def test_an_owner_that_may_make_no_roles_is_told_what_an_administrator_runs(stage: Stage) -> None:
    administrator = ("postgres", f"ALTER ROLE {USER} NOCREATEROLE")
    stage.server.execute(*administrator, user="postgres")
    try:
        changed, said = stage.apply()
        assert changed == -1
        assert "needs the right CREATEROLE" in " ".join(said.split())
        assert "make configure STAGE=test" in " ".join(said.split())
        made = f"CREATE ROLE {stage.user} LOGIN PASSWORD '{PASSWORD}'"
        stage.server.execute("postgres", made, f"GRANT {stage.user} TO {USER}", user="postgres")
        assert stage.apply()[0] == 1
    finally:
        stage.server.execute("postgres", f"ALTER ROLE {USER} CREATEROLE", user="postgres")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"database_application_user": USER}, "another one than the owner"),
        ({"database_application_user": 'amy"; DROP'}, "small letters, digits and underscores"),
        ({"database_application_password": ""}, "make provision STAGE=test"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(stage: Stage, told: dict[str, str], message: str) -> None:
    changed, said = stage.apply(**told)
    assert changed == -1
    assert message in " ".join(said.split())


def test_a_release_is_migrated_by_the_owner_and_runs_as_the_application(divided: Stage, tmp_path: Path) -> None:
    older = released(divided, tmp_path / "older", SHOP_1)
    commands = ["migrate --noinput", "createcachetable cache_rows"]
    assert "shop.0001_initial" in older.migrate(commands=commands, server=OWNER).applied
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert divided.server.query(divided.database, owners) == [(USER,)]
    # Its own settings read and write what was made, and tell what is applied.
    assert older.facts().pending == []
    divided.as_application(
        "INSERT INTO shop_item (name) VALUES ('book')", "INSERT INTO cache_rows VALUES ('a', 'b', now())"
    )
    newer = released(divided, tmp_path / "newer", SHOP_1, SECOND)
    with pytest.raises(Exception, match="permission denied"):
        newer.migrate()
    assert newer.migrate(server=OWNER).applied == ["shop.0002_more"]
    divided.as_application("INSERT INTO late DEFAULT VALUES")
    assert divided.apply()[0] == 0


def released(stage: Stage, folder: Path, *migrations: Migration) -> Release:
    """A release whose settings name the application's user."""
    release = Release(folder, stage.server, stage.database, {"shop": (ITEM_MODEL, [*migrations])})
    with (release.folder / "settings.py").open("a") as settings:
        settings.write(f"DATABASES['default']['USER'] = {stage.user!r}\nROOT_URLCONF = 'urls'\nALLOWED_HOSTS = ['*']\n")
    (release.folder / "urls.py").write_text(URLS)
    return release


def test_a_copy_is_migrated_by_the_owner_and_asked_by_the_application(divided: Stage, tmp_path: Path) -> None:
    """So a release is refused whose migrations make what the application may not read."""
    release = released(divided, tmp_path / "release", SHOP_1, SECOND)
    backups = DatabaseProgram(divided.server, divided.database, tmp_path)
    divided.as_owner("CREATE TABLE person (id int)")
    backups.run("backup")
    copied = backups.run("copy", "newest")["database"]
    release.migrate(database=copied, server=OWNER)
    check = Check(path="/", host="x", status=(200,), text=divided.user)
    execute = release.running(release_health.PROGRAM)
    assert release_health.check_on_copy(execute, checks=[check], database=copied, server=None) == []


def test_a_restored_database_is_the_applications_too_and_its_sessions_stop_no_restore(
    stage: Stage, tmp_path: Path
) -> None:
    stage.as_owner("CREATE TABLE fruit (name text)", "INSERT INTO fruit VALUES ('apple')")
    backups = DatabaseProgram(stage.server, stage.database, tmp_path)
    before = backups.run("backup")["name"]
    stage.apply()
    divided_backup = backups.run("backup")["name"]
    session = stage.server.connect(stage.database, stage.user)
    assert backups.run("restore", divided_backup)["left_out"] == []
    with pytest.raises(psycopg2.Error):
        session.cursor().execute("SELECT 1")
    stage.as_application("INSERT INTO fruit VALUES ('pear')")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stage.as_application("DROP TABLE fruit")
    assert stage.apply()[0] == 0
    # One that was made when the application was the owner gives it nothing by itself.
    backups.run("restore", before)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stage.as_application("SELECT * FROM fruit")
    assert stage.apply()[0] == 1
    stage.as_application("SELECT * FROM fruit")


def test_a_backup_has_the_large_objects_of_the_application(divided: Stage, tmp_path: Path) -> None:
    divided.as_application("SELECT lo_from_bytea(0, 'x')")
    backups = DatabaseProgram(divided.server, divided.database, tmp_path)
    backups.run("backup")
    backups.run("drill", "newest")
