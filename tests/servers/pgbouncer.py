# SPDX-License-Identifier: GPL-3.0-or-later
"""A PgBouncer of one's own in front of a server: each transaction may get another session."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.postgresql import PASSWORD, START_SECONDS, USER, Cluster

CONFIGURATION = """
[databases]
* = host={server}
[pgbouncer]
listen_port = 5432
unix_socket_dir = {directory}
auth_type = trust
auth_file = {directory}/users
pool_mode = transaction
server_round_robin = 1
"""


@contextmanager
def pooler(server: Cluster) -> Iterator[Cluster]:
    """Give what looks like a server; the test is skipped where there is no PgBouncer."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed: scripts/test_programs.sh")
    directory = Path(tempfile.mkdtemp(prefix="amy-pgbouncer-", dir="/tmp"))
    account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    (directory / "users").write_text(f'"{USER}" "{PASSWORD}"\n', encoding="utf-8")
    (directory / "configuration").write_text(
        CONFIGURATION.format(server=server.directory, directory=directory), encoding="utf-8"
    )
    if account:
        shutil.chown(directory, **account)
    try:
        with (directory / "log").open("wb") as log:
            started = subprocess.Popen([program, directory / "configuration"], stdout=log, stderr=log, **account)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not (directory / ".s.PGSQL.5432").exists():
                assert started.poll() is None and time.monotonic() < deadline, (directory / "log").read_text()
                time.sleep(0.05)
            yield Cluster(directory)
        finally:
            started.terminate()
            started.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(directory)
