# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of PostgreSQL itself. psycopg2 is the distribution's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from backup_library.failure import BackupError
from psycopg2 import sql

from .settings import Settings

TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
FREE_CONNECTIONS = "SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity"
# What a restore, a migration and those who look on need; the application must not be kept out meanwhile.
NEEDED_CONNECTIONS = 6
LAST_MIGRATIONS = "SELECT DISTINCT ON (app) app, name FROM django_migrations ORDER BY app, id DESC"


@contextmanager
def connection(settings: Settings, database: str | None = None) -> Iterator[Any]:
    """Give a connection to `database`, or to the one that is backed up. Raises BackupError if there is none."""
    os.environ["PGSERVICEFILE"] = str(settings.service_file)
    try:
        connected = psycopg2.connect(settings.conninfo(database))
    except psycopg2.OperationalError as error:
        raise BackupError(
            f"PostgreSQL lets nobody into {database or settings.database}: {str(error).strip()}\n"
            f"Look at {settings.service_file} and its password file, and at the database's security group."
        ) from error
    try:
        yield connected
    finally:
        connected.close()


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


def count_rows(connected: Any) -> dict[str, int]:
    """Return how many rows each table has, by `schema.table`."""
    counts = {}
    for schema, table in fetch(connected, TABLES):
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        counts[f"{schema}.{table}"] = int(fetch(connected, statement)[0][0])
    return counts


def last_migrations(connected: Any) -> dict[str, str]:
    """Return the last applied migration of each Django app; none if the database is no Django application's yet."""
    if fetch(connected, "SELECT to_regclass('django_migrations')")[0][0] is None:
        return {}
    return dict(fetch(connected, LAST_MIGRATIONS))  # type: ignore[arg-type]


def require_version(connected: Any, version: int, *, what: str) -> None:
    """Raise BackupError unless the server is at least of the major `version`, which `what` is of."""
    server = connected.server_version // 10000
    if server < version:
        raise BackupError(
            f"{what} is of PostgreSQL {version}, and the server that it would be restored on is {server}: an older "
            "server cannot be relied on to take it. Upgrade that server, or name another one."
        )


def require_connections(connected: Any) -> None:
    """Raise BackupError unless the server has connections to spare for work beside the application's."""
    free = int(fetch(connected, FREE_CONNECTIONS)[0][0])
    if free < NEEDED_CONNECTIONS:
        raise BackupError(
            f"The database server has {free} connections left, and a restore needs {NEEDED_CONNECTIONS}. "
            "Look who has them (pg_stat_activity), or raise max_connections."
        )
