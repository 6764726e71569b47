# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL cluster of one's own, with a user as RDS gives one: owner of databases, but no superuser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

USER = "amy"
PASSWORD = r"colon:and\backslash"
# Crashes of the machine are not what is tested.
OPTIONS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_wal_size=4GB", "max_connections=40")
START_SECONDS = 30


def binaries() -> Path | None:
    """Return the folder of the newest server's programs; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """A running server. Its socket is in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def connect(self, database: str = "postgres", user: str = USER) -> Any:
        """Return a connection in which each statement is a transaction."""
        connected = psycopg2.connect(host=str(self.directory), dbname=database, user=user, password=PASSWORD)
        connected.autocommit = True
        return connected

    def query(self, database: str, statement: str, user: str = USER) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        connected = self.connect(database, user)
        try:
            with connected.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connected.close()

    def execute(self, database: str, *statements: str, user: str = USER) -> None:
        """Run statements, each in a transaction of its own."""
        connected = self.connect(database, user)
        try:
            with connected.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connected.close()


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    """Give a new cluster, which is gone afterwards."""
    # Not in pytest's own folder: the server refuses to run as root, and another user cannot get there.
    directory = Path(tempfile.mkdtemp(prefix="amy-postgresql-", dir="/tmp"))
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if account:
        shutil.chown(directory, **account)
    data, password_file = directory / "data", directory / "password"
    password_file.write_text(PASSWORD, encoding="utf-8")
    try:
        options = ["--no-sync", "--auth=scram-sha-256", "--username=postgres", f"--pwfile={password_file}", str(data)]
        subprocess.run([programs / "initdb", *options], check=True, capture_output=True, **account)
        options = [word for option in (f"unix_socket_directories={directory}", *OPTIONS) for word in ("-c", option)]
        with (directory / "log").open("wb") as log:
            server = subprocess.Popen([programs / "postgres", "-D", data, *options], stdout=log, stderr=log, **account)
        try:
            yield _started(Cluster(directory), server)
        finally:
            # SIGTERM would wait until the last client has gone.
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(directory)


def _started(started: Cluster, server: subprocess.Popen[bytes]) -> Cluster:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            started.execute("postgres", f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}'", user="postgres")
        except psycopg2.OperationalError:
            log = (started.directory / "log").read_text(encoding="utf-8")
            assert server.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)
        else:
            data = started.query("postgres", "SHOW data_directory", user="postgres")[0][0]
            assert data == str(started.directory / "data"), f"this is the server of {data}"
            return started
