# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQL that makes a PostgreSQL like one of RDS: its master user is no superuser."""

from __future__ import annotations

_CREATE_UNLESS_EXISTS = "SELECT {statement} WHERE NOT EXISTS (SELECT FROM {catalogue} WHERE {column} = {name}) \\gexec"


def setup_sql(*, user: str, password: str, database: str | None) -> str:
    """A psql script that can be run any number of times: roles, the master's password, the first database.

    `user` may create roles and databases and is in rds_superuser, which has what RDS gives it of the predefined roles.
    """
    lines = [
        "\\set ON_ERROR_STOP on",
        "\\set QUIET on",
        "SET client_min_messages TO warning;",
        "SET log_statement TO none;",
        _create("pg_roles", "rolname", "rds_superuser", "CREATE ROLE rds_superuser NOLOGIN"),
        "GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;",
        _create("pg_roles", "rolname", user, f"CREATE ROLE {identifier(user)}"),
        f"ALTER ROLE {identifier(user)} LOGIN CREATEDB CREATEROLE PASSWORD {literal(password)};",
        f"GRANT rds_superuser TO {identifier(user)};",
        f"ALTER DATABASE postgres OWNER TO {identifier(user)};",
    ]
    if database:
        create = f"CREATE DATABASE {identifier(database)} OWNER {identifier(user)}"
        lines.append(_create("pg_database", "datname", database, create))
    return "\n".join([*lines, ""])


def literal(text: str) -> str:
    """`text` as an SQL string. Raises ValueError for what PostgreSQL cannot hold."""
    if "\0" in text:
        raise ValueError("PostgreSQL holds no NUL character")
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    """`text` as an SQL name. Raises ValueError for what PostgreSQL cannot hold."""
    if not text or "\0" in text:
        raise ValueError("a name in PostgreSQL is not empty and holds no NUL character")
    return '"' + text.replace('"', '""') + '"'


def _create(catalogue: str, column: str, name: str, statement: str) -> str:
    return _CREATE_UNLESS_EXISTS.format(
        statement=literal(statement), catalogue=catalogue, column=column, name=literal(name)
    )
