# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a host runs it, a real PostgreSQL and an S3 of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.servers.postgresql import USER, Cluster, binaries, cluster
from tests.servers.s3 import S3, s3
from tests.unit.roles.backups.program import DatabaseProgram

NUMBERS = count()
# Text that does not compress well: its dump takes some seconds, so that there is a middle of it.
LARGE_ROWS = 400_000
FILL = (
    "INSERT INTO mail (body) SELECT repeat(md5(random()::text), 4) || md5(random()::text) FROM generate_series(1, {})"
)
TABLES = (
    "CREATE TABLE mail (id serial PRIMARY KEY, body text NOT NULL)",
    "CREATE TABLE person (id serial PRIMARY KEY, name text)",
    "CREATE TABLE django_migrations (id serial PRIMARY KEY, app text, name text)",
    "INSERT INTO person (name) VALUES ('Ada'), ('Grace'), (NULL)",
    "INSERT INTO django_migrations (app, name) VALUES ('mail', '0001_initial'), ('mail', '0002_body')",
)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A server with the databases `small` and `large`, of which tests make copies."""
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server (initdb): apt-get install postgresql")
    with cluster(programs) as started:
        for name, rows in (("small", 100), ("large", LARGE_ROWS)):
            started.execute("postgres", f"CREATE DATABASE {name} OWNER {USER}")
            started.execute(name, *TABLES, FILL.format(rows))
        yield started


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3]:
    """S3 for all tests."""
    with s3() as started:
        yield started


@pytest.fixture
def bucket(bucket_server: S3) -> str:
    """The name of a new bucket."""
    name = f"stage-{next(NUMBERS)}"
    bucket_server.client.create_bucket(Bucket=name)
    return name


def program_for(template: str, postgresql: Cluster, directory: Path) -> Iterator[DatabaseProgram]:
    """The program, told of a new database that is a copy of `template`."""
    database = f"amy{next(NUMBERS)}"
    postgresql.execute("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")
    yield DatabaseProgram(postgresql, database, directory)
    for (name,) in postgresql.query("postgres", f"SELECT datname FROM pg_database WHERE datname LIKE '{database}%'"):
        # Autovacuum may be in it, which only a superuser may end.
        postgresql.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)", user="postgres")


@pytest.fixture
def small(postgresql: Cluster, tmp_path: Path) -> Iterator[DatabaseProgram]:
    """The program for a database whose dump takes no time."""
    yield from program_for("small", postgresql, tmp_path)


@pytest.fixture
def large(postgresql: Cluster, tmp_path: Path) -> Iterator[DatabaseProgram]:
    """The program for a database whose dump takes some seconds."""
    yield from program_for("large", postgresql, tmp_path)
