# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of PostgreSQL itself. psycopg2 is the distribution's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg2
from backup_library.failure import BackupError, BusyError, make_command
from psycopg2 import sql

if TYPE_CHECKING:
    from .settings import Settings

# What a backup, a restore and a comparison need, whatever the role, the database or the server has set. A server sets
# what it knows of these.
SESSION = {
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "search_path": "pg_catalog",
    "row_security": "off",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
}
SET = "SELECT set_config(name, wanted.value, false) FROM pg_settings JOIN unnest(%s, %s) AS wanted(key, value) ON "
SET += "lower(name) = lower(wanted.key)"
# What pg_dump goes through, whether it may be read, and whether rows are hidden in it. Of what belongs to an extension
# pg_dump takes only what the extension calls its configuration, and of that only some rows: it is not counted.
TABLES = """
SELECT n.nspname, c.relname, c.relkind <> 'S' AND NOT of_extension AS counted,
       coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS entered,
       coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), false) AS readable,
       coalesce(row_security_active(c.oid), false) AS hidden
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
LATERAL (SELECT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'),
                EXISTS (SELECT FROM pg_extension WHERE c.oid = ANY (extconfig))) AS member(of_extension, configuration)
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (NOT of_extension OR configuration)
ORDER BY 1, 2
"""
# What backups counted until they described the database, too.
TABLES_BEFORE = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
SCHEMAS = """
SELECT nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND NOT has_schema_privilege(oid, 'USAGE') ORDER BY 1
"""
MIGRATIONS = """
SELECT quote_ident(nspname) || '.django_migrations' FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relname = 'django_migrations' AND relkind IN ('r', 'p') AND relpersistence <> 't'
AND has_table_privilege(pg_class.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
ORDER BY nspname <> 'public', nspname LIMIT 1
"""
FREE_CONNECTIONS = "SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity"
# What a restore, a migration and those who look on need; the application must not be kept out meanwhile.
NEEDED_CONNECTIONS = 6
MAY_CREATE = "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
LAST_MIGRATIONS = "SELECT DISTINCT ON (app) app, name FROM {} ORDER BY app, id DESC"


@dataclass(frozen=True)
class Contents:
    """The tables that a dump has, as pairs of schema and name; the schemas, tables and sequences that it lacks."""

    tables: list[tuple[str, str]] = field(default_factory=list)
    closed_schemas: list[str] = field(default_factory=list)
    closed_tables: list[tuple[str, str]] = field(default_factory=list)

    def lacks(self) -> list[str]:
        """Return what is left out, in words."""
        schemas = [f"schema {quoted(schema)}" for schema in self.closed_schemas]
        tables = [quoted(*table) for table in self.closed_tables]
        return [f"{name} is not in the backup: the user may not read it" for name in [*schemas, *tables]]


@contextmanager
def connection(settings: Settings, database: str | None = None) -> Iterator[Any]:
    """Give a connection to `database`, or to the one that is backed up; its session is as the program needs it.

    Raises BackupError if there is none, or if it is one to a pooler.
    """
    os.environ["PGSERVICEFILE"] = str(settings.service_file)
    try:
        connected = psycopg2.connect(settings.conninfo(database))
    except psycopg2.OperationalError as error:
        raise BackupError(
            f"PostgreSQL refuses a connection to {database or settings.database}: {str(error).strip()}\n"
            f"Look at {settings.service_file} and its password file, and at the database's security group."
        ) from error
    try:
        _prepare(connected)
        yield connected
    finally:
        connected.close()


def _prepare(connected: Any) -> None:
    # By statements, and outside a transaction, whose end might take them back. The shortest first: it ends the timeout.
    connected.autocommit = True
    with connected.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    connected.set_client_encoding("UTF8")
    fetch(connected, SET, list(SESSION), list(SESSION.values()))
    # A pooler makes up the process that it gives its clients for a cancellation.
    if fetch(connected, "SELECT pg_backend_pid()")[0][0] != connected.info.backend_pid:
        raise BackupError(
            f"{connected.info.host} is a connection pooler (PgBouncer, RDS Proxy). It keeps neither a session's "
            "settings nor a snapshot, and knows no copies. Nothing has been touched. Let database_host name the server "
            f"itself, and run: {make_command('configure')}. The application may go on using the pooler."
        )
    connected.autocommit = False


def quoted(*names: str) -> str:
    """Return a name, or a name within another, as SQL and as pg_dump's patterns read it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def fetch(connected: Any, statement: Any, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with connected.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute(connected: Any, text: str, *names: str) -> None:
    """Run a statement whose {} stand for the names of databases."""
    with connected.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(*map(sql.Identifier, names)))


def contents(connected: Any) -> Contents:
    """Return what a dump of the database has and lacks. Raises BackupError if rows of a table are hidden."""
    found = fetch(connected, TABLES)
    hidden = [quoted(schema, name) for schema, name, _counted, _entered, readable, hides in found if readable and hides]
    if hidden:
        user = fetch(connected, "SELECT quote_ident(current_user)")[0][0]
        raise BackupError(
            f"Row level security hides rows of {', '.join(hidden)} from {user}: a backup would lack them. "
            f"As the server's administrator: ALTER ROLE {user} BYPASSRLS"
        )
    return Contents(
        tables=[(schema, name) for schema, name, counted, _entered, readable, _hides in found if counted and readable],
        closed_schemas=[schema for (schema,) in fetch(connected, SCHEMAS)],
        closed_tables=[
            (schema, name) for schema, name, _counted, entered, readable, _hides in found if entered and not readable
        ],
    )


def count_rows(connected: Any) -> dict[str, int]:
    """Return how many rows each table that is dumped has itself, without those of its parts, by `schema.table`."""
    return {
        f"{schema}.{table}": _count(connected, "SELECT count(*) FROM ONLY {}", schema, table)
        for schema, table in contents(connected).tables
    }


def count_rows_as_before(connected: Any) -> dict[str, int]:
    """Return how many rows each table has as manifests have it that do not describe the database."""
    return {
        f"{schema}.{table}": _count(connected, "SELECT count(*) FROM {}", schema, table)
        for schema, table in fetch(connected, TABLES_BEFORE)
    }


def _count(connected: Any, statement: str, schema: str, table: str) -> int:
    return int(fetch(connected, sql.SQL(statement).format(sql.Identifier(schema, table)))[0][0])


def last_migrations(connected: Any) -> dict[str, str]:
    """Return the last applied migration of each Django app; none if the database is no Django application's yet."""
    found = fetch(connected, MIGRATIONS)
    return dict(fetch(connected, LAST_MIGRATIONS.format(found[0][0]))) if found else {}  # type: ignore[arg-type]


def require_version(connected: Any, version: int, *, what: str) -> None:
    """Raise BackupError unless the server is at least of the major `version`, which `what` is of."""
    server = connected.server_version // 10000
    if server < version:
        raise BackupError(
            f"{what} is of PostgreSQL {version}, and the server that it would be restored on is {server}: an older "
            "server cannot be relied on to take it. Upgrade that server, or name another one."
        )


def require_may_create(connected: Any) -> None:
    """Raise BackupError unless the user may create databases on the server."""
    (user, may) = fetch(connected, MAY_CREATE)[0]
    if not may:
        raise BackupError(
            f"The user {user} may not create databases on the server that copies are made on, which a restore, a drill "
            "and a rehearsal of migrations do. As its administrator: ALTER ROLE ... CREATEDB"
        )


def require_connections(connected: Any) -> None:
    """Raise BusyError unless the server has connections to spare for work beside the application's."""
    free = int(fetch(connected, FREE_CONNECTIONS)[0][0])
    if free < NEEDED_CONNECTIONS:
        raise BusyError(
            f"The database server has {free} connections left, and a restore needs {NEEDED_CONNECTIONS}. "
            "Look who has them (pg_stat_activity), or raise max_connections."
        )
