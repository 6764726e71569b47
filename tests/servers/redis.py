# SPDX-License-Identifier: GPL-3.0-or-later
"""A Redis of one's own, with the users of the role `redis`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.templates.rendering import Template, render

BACKUP_PASSWORD = "backup-password-1"
ADMIN_PASSWORD = "admin-password"
USERS = Template(role="redis", path="users.acl.j2")


@contextmanager
def redis_server(*arguments: str, log: Path | None = None) -> Iterator[tuple[Path, Any]]:
    """Give the socket of a new server, which starts with a copy of `log`, and its administrator's client."""
    # A socket's path may have a hundred characters.
    with tempfile.TemporaryDirectory(prefix="amy-redis-", dir="/tmp") as name:
        directory = Path(name)
        users, socket = directory / "users.acl", directory / "socket"
        users.write_text(render(USERS, redis_backup_password=BACKUP_PASSWORD), encoding="utf-8")
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", name, "--aclfile", str(users)]
        if log:
            shutil.copytree(log, directory / log.name)
        # A replica would wait five seconds for others.
        options += ["--save", "", "--repl-diskless-sync-delay", "0", "--daemonize", "no", *arguments]
        process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        try:
            client = redis.Redis(unix_socket_path=str(socket), username="admin", password=ADMIN_PASSWORD)
            _wait(client, process)
            assert client.config_get("dir")["dir"] == name
            yield socket, client
        finally:
            process.terminate()
            process.wait()


def _wait(client: Any, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.exceptions.ConnectionError:
            assert process.poll() is None and time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.02)
        else:
            return
