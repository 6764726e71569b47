# SPDX-License-Identifier: GPL-3.0-or-later
"""A restored database is the database: its locale, settings, rights, owners, comments and extensions, too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest

from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries
from tests.unit.roles.backups.conftest import NUMBERS, TABLES
from tests.unit.roles.backups.program import DatabaseProgram, ended, finished

ROLES = ("redash", '"odd role"')
# As the owner of the database.
MADE = (
    "CREATE SCHEMA app",
    "GRANT CREATE, USAGE ON SCHEMA app TO team",
    "CREATE TABLE app.fruit (id serial PRIMARY KEY, name text, secret text)",
    "INSERT INTO app.fruit (name) VALUES ('cherry'), ('apple'), ('Banana')",
    "CREATE TABLE app.given (id serial PRIMARY KEY)",
    "CREATE VIEW app.names AS SELECT name FROM app.fruit",
    "CREATE TYPE app.colour AS ENUM ('red', 'blue')",
    "CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION citext",
    "CREATE TABLE app.mail (address citext)",
    "COMMENT ON TABLE app.fruit IS 'it''s a %s'",
    "COMMENT ON COLUMN app.fruit.name IS 'its name'",
    "COMMENT ON DATABASE {} IS 'the site''s'",
    "GRANT USAGE ON SCHEMA app TO redash",
    "GRANT SELECT ON ALL TABLES IN SCHEMA app TO redash",
    'GRANT SELECT (name), UPDATE (name) ON app.fruit TO "odd role" WITH GRANT OPTION',
    "GRANT USAGE ON SEQUENCE app.fruit_id_seq TO redash",
    "REVOKE ALL ON FUNCTION app.one() FROM PUBLIC",
    "REVOKE DELETE ON app.fruit FROM CURRENT_USER",
    "REVOKE CONNECT ON DATABASE {} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {} TO redash",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO redash",
    "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "ALTER DATABASE {} SET search_path = app, \"$user\", public, ''",
    "ALTER DATABASE {} SET statement_timeout = 30000",
    "ALTER DATABASE {} SET \"TimeZone\" = 'Europe/Berlin'",
    "ALTER DATABASE {} SET application_name = 'it''s \\ ok'",
    "ALTER ROLE CURRENT_USER IN DATABASE {} SET work_mem = '8MB'",
    "ALTER DATABASE {} CONNECTION LIMIT 90",
    "ALTER TABLE app.given OWNER TO team",
)
STATE = """
SELECT (SELECT array_agg(name ORDER BY name) FROM app.fruit), (SELECT array_agg(d::text) FROM (
    SELECT encoding, datlocprovider, datcollate, datctype, daticulocale, datconnlimit, <datacl>, datdba
    FROM pg_database WHERE datname = current_database()) d),
    (SELECT array_agg(setrole || ':' || <setconfig> ORDER BY setrole) FROM pg_db_role_setting
     JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()),
    (SELECT array_agg(relname || <relacl> ORDER BY relname) FROM pg_class
     WHERE relnamespace = 'app'::regnamespace),
    (SELECT array_agg(relname || ' ' || relowner ORDER BY relname) FROM pg_class
     WHERE relnamespace = 'app'::regnamespace),
    (SELECT array_agg(attname || <attacl>) FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid > 16384),
    (SELECT array_agg(nspname || <nspacl> ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('app', 'public')),
    (SELECT array_agg(<proacl>) FROM pg_proc WHERE proname = 'one'),
    (SELECT array_agg(defaclobjtype::text || <defaclacl> ORDER BY <defaclacl>) FROM pg_default_acl),
    (SELECT array_agg(extname ORDER BY extname) FROM pg_extension),
    (SELECT array_agg(description ORDER BY description) FROM pg_description WHERE objoid > 16384 AND objsubid >= 0
     AND classoid = 'pg_class'::regclass),
    shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database')
"""
# The order of a list of rights is that of the grants, and says nothing.
STATE = re.sub("<(.*?)>", r"(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(\1) a)::text", STATE)


@pytest.fixture(scope="module")
def roles(postgresql: Cluster) -> Iterator[Cluster]:
    """The server with roles beside the application's, which is a member of one."""
    statements = [f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'" for role in ROLES]
    postgresql.execute("postgres", *statements, "CREATE ROLE team", f"GRANT team TO {USER}", user="postgres")
    yield postgresql
    postgresql.execute("postgres", *(f"DROP ROLE {role}" for role in (*ROLES, "team")), user="postgres")


@pytest.fixture
def site(roles: Cluster, tmp_path: Path) -> Iterator[DatabaseProgram]:
    """The program for a database with another collation than a new one of the server."""
    database = f"site{next(NUMBERS)}"
    icu = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'"
    roles.execute("postgres", f"CREATE DATABASE {database} OWNER {USER} TEMPLATE template0 {icu}")
    try:
        roles.execute(database, *TABLES, "GRANT CREATE ON SCHEMA public TO team")
        roles.execute(database, *(statement.replace("{}", database) for statement in MADE))
        yield DatabaseProgram(roles, database, tmp_path)
    finally:
        for (name,) in roles.query("postgres", f"SELECT datname FROM pg_database WHERE datname LIKE '{database}%'"):
            roles.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)", user="postgres")


def test_a_restored_database_is_the_database(site: DatabaseProgram) -> None:
    before = site.server.query(site.database, STATE)
    assert before[0][0] == ["apple", "Banana", "cherry"]
    backup = site.run("backup")
    site.server.execute(site.database, "UPDATE app.fruit SET name = NULL", "DROP TABLE app.mail")
    restored = site.run("restore", "newest")
    assert restored["left_out"] == []
    after = site.server.query(site.database, STATE)
    for one, other in zip(before[0], after[0], strict=True):
        assert one == other
    assert site.server.query(site.database, "SELECT count(*) FROM fruit", user="redash") == [(3,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        site.server.query(site.database, "DELETE FROM fruit", user="redash")
    assert backup["description"]["locale"]["LOCALE_PROVIDER"] == "icu"


def test_a_copy_and_a_drill_are_the_database_too(site: DatabaseProgram) -> None:
    site.run("backup")
    assert site.run("drill", "newest")["left_out"] == []
    copied = site.run("copy", "newest")["database"]
    assert site.server.query(copied, STATE) == site.server.query(site.database, STATE)


def test_what_differs_after_a_restore_is_named_and_stops_nothing(site: DatabaseProgram) -> None:
    backup = site.run("backup")
    file = site.backups / f"{backup['name']}.manifest.json"
    manifest = json.loads(file.read_text())
    manifest["description"]["extensions"]["hstore"] = "public"
    file.write_text(json.dumps(manifest))
    assert site.run("restore", backup["name"])["left_out"] == ["extension hstore: is not as the backup has it"]


@pytest.mark.parametrize(
    "statements",
    [
        (f"ALTER SCHEMA public OWNER TO {USER}",),
        ("DROP SCHEMA public CASCADE", f"CREATE SCHEMA public AUTHORIZATION {USER}"),
        ("CREATE TABLE theirs (x int)", f"GRANT SELECT ON theirs TO {USER}"),
        ("CREATE SEQUENCE theirs", f"GRANT SELECT ON SEQUENCE theirs TO {USER}"),
    ],
    ids=["public given", "public made again", "table of an administrator", "sequence of an administrator"],
)
def test_what_an_administrator_has_made_stops_no_restore(small: DatabaseProgram, statements: tuple[str, ...]) -> None:
    for statement in statements:
        small.server.execute(small.database, statement, user="postgres")
    owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'"
    before = small.server.query(small.database, owner)
    assert small.run("check-restore")["seconds"] >= 0
    small.run("backup")
    small.run("restore", "newest")
    assert small.server.query(small.database, owner) == before


def test_a_role_that_is_not_there_is_named_and_stops_nothing(site: DatabaseProgram) -> None:
    backup = site.run("backup")
    file = site.backups / f"{backup['name']}.manifest.json"
    file.write_text(file.read_text().replace("redash", "gone").replace('"team"', '"postgres"'))
    told = "\n".join(site.run("restore", backup["name"])["left_out"])
    assert 'rights SCHEMA app: role "gone" does not exist' in told
    assert 'owner of TABLE app.given: must be member of role "postgres"' in told
    assert site.server.query(site.database, "SELECT name FROM app.fruit ORDER BY name", user=USER)[0] == ("apple",)


def test_a_manifest_of_an_earlier_version_is_restored_like_the_living_database(site: DatabaseProgram) -> None:
    before = site.server.query(site.database, STATE)
    backup = site.run("backup")
    file = site.backups / f"{backup['name']}.manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["description"], manifest["warnings"]
    file.write_text(json.dumps(manifest))
    site.run("restore", backup["name"])
    assert site.server.query(site.database, STATE) == before


def test_what_the_user_may_not_create_is_left_out_and_named(small: DatabaseProgram) -> None:
    small.server.execute(
        small.database,
        "CREATE EXTENSION pg_stat_statements",
        "COMMENT ON EXTENSION pg_stat_statements IS 'watches'",
        "CREATE PUBLICATION dms FOR ALL TABLES",
        "CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION seen()",
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE far (x int) SERVER files OPTIONS (filename '/nowhere')",
        "COMMENT ON FOREIGN TABLE far IS 'elsewhere'",
        "GRANT SELECT ON far TO amy",
        user="postgres",
    )
    expected = ("EXTENSION pg_stat_statements", "PUBLICATION dms", "EVENT TRIGGER watch", "FOREIGN TABLE public far")
    checked = "\n".join(small.run("check-restore")["left_out"])
    rows = small.run("backup")["rows"]
    told = "\n".join(small.run("restore", "newest")["left_out"])
    for name in expected:
        assert name in checked, checked
        assert name in told, told
    assert small.rows() == rows


def test_a_database_that_the_user_cannot_restore_is_named_before_there_is_a_backup(small: DatabaseProgram) -> None:
    small.server.execute(
        small.database,
        "CREATE EXTENSION adminpack",
        "CREATE EXTENSION intagg",
        "CREATE VIEW needs AS SELECT int_array_enum(ARRAY[1])",
        "ALTER VIEW needs OWNER TO amy",
        user="postgres",
    )
    words = small.refuse("check-restore")
    assert "EXTENSION intagg was refused: permission denied to create extension" in words
    assert small.files() == []
    assert small.databases() == [small.database]


def test_a_check_leaves_nothing(site: DatabaseProgram) -> None:
    assert site.run("check-restore")["left_out"] == []
    assert (site.files(), site.databases()) == ([], [site.database])


def test_rows_of_parts_count_twice_in_a_manifest_of_an_earlier_version(small: DatabaseProgram) -> None:
    small.server.execute(
        small.database,
        "CREATE TABLE part (x int) PARTITION BY RANGE (x)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)",
        "INSERT INTO part VALUES (1), (2)",
    )
    backup = small.run("backup")
    file = small.backups / f"{backup['name']}.manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["description"]
    manifest["rows"]["public.part"] = 2
    file.write_text(json.dumps(manifest))
    assert small.run("drill", backup["name"])["rows"] == sum(manifest["rows"].values())


def test_two_checks_at_once_have_one_scratch_database_each_after_the_other(
    small: DatabaseProgram, tmp_path: Path
) -> None:
    """`make configure` takes no deploy lock."""
    programs = tmp_path / "slow"
    programs.mkdir()
    for program in ("pg_dump", "pg_restore"):
        (programs / program).write_text(f'#!/bin/sh\nsleep 0.3\nexec {binaries()}/{program} "$@"\n', encoding="utf-8")
        (programs / program).chmod(0o755)
    small.tell(programs=str(programs))
    for check in [small.start("check-restore") for _ in range(2)]:
        finished(check, seconds=180)
    assert small.databases() == [small.database]


def test_a_check_that_a_busy_server_does_not_allow_says_nothing_of_the_rights(small: DatabaseProgram) -> None:
    ((most,),) = small.server.query("postgres", "SELECT current_setting('max_connections')::int - 9")
    others = [small.server.connect("postgres") for _ in range(most)]
    try:
        check = small.start("check-restore")
        _output, words = ended(check)
        assert (check.returncode, "connections left" in words) == (75, True), words
        # The backup itself needs none to spare.
        assert small.run("backup")["rows"]
    finally:
        for session in others:
            session.close()
