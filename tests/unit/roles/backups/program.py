# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the programs of the backup roles as their users do: another process, its settings in files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries
from tests.servers.s3 import ENVIRONMENT, S3

ROLES = Path(__file__).parents[4] / "roles"
LIBRARIES = ":".join(str(ROLES / role / "files") for role in ("backup_library", "database_backup", "redis_backup"))
NO_BUCKET = {"name": "", "prefix": "backups", "encryption": "AES256", "kms_key": "", "endpoint_url": ""}


def until(condition: Callable[[], Any], *, seconds: float = 120.0, what: str) -> None:
    """Wait for `condition`; raises AssertionError that names `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.01)


class Program:
    """A program of a backup role, told of one server by its settings file. What it makes is in `backups`."""

    package: str

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.backups = directory / "backups"
        self.backups.mkdir()
        self._settings_file = directory / "settings.json"
        self._settings: dict[str, Any] = {
            "directory": str(self.backups),
            "log_file": str(directory / "log"),
            "lock": {"file": str(directory / "lock"), "wait": 60},
            "keep": {"newest": 48, "days": 35, "months": 12},
            "bucket": NO_BUCKET,
        }
        self.tell(**settings)

    def tell(self, **settings: Any) -> None:
        """Change settings."""
        self._settings |= settings
        self.backups = Path(self._settings["directory"])
        self._settings_file.write_text(json.dumps(self._settings), encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """Return what the program finds in its environment."""
        return os.environ | ENVIRONMENT | {"PYTHONPATH": LIBRARIES, "AMY_STAGE": "test"}

    def start(self, *arguments: str, path: Path | None = None) -> subprocess.Popen[str]:
        """Start a command; programs in `path` come before the real ones."""
        environment = self.environment()
        if path:
            environment["PATH"] = f"{path}:{environment['PATH']}"
        return subprocess.Popen(
            [sys.executable, "-m", self.package, "--settings", str(self._settings_file), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, seconds: float = 180) -> dict[str, Any]:
        """Return what a command prints; it must succeed within `seconds`."""
        return finished(self.start(*arguments), seconds=seconds)

    def refuse(self, *arguments: str, path: Path | None = None, code: int = 1) -> str:
        """Return what a command says that must end with `code`."""
        process = self.start(*arguments, path=path)
        output, words = ended(process)
        assert process.returncode == code, output + words
        assert "Traceback" not in words, words
        return words

    def files(self) -> list[str]:
        """Return the names of all files in the folder of backups."""
        return sorted(file.name for file in self.backups.iterdir())


class DatabaseProgram(Program):
    """`amy-database`, told of one database."""

    package = "database_backup"

    def __init__(self, server: Cluster, database: str, directory: Path) -> None:
        self.server, self.database = server, database
        self._services, self._passwords = directory / "service.conf", directory / "pgpass"
        self._lead("amy", server)
        escaped = re.sub(r"([:\\])", r"\\\1", PASSWORD)
        self._passwords.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        self._passwords.chmod(0o600)
        services = {"service": "amy", "rehearsal_service": "amy", "service_file": str(self._services)}
        super().__init__(directory, database=database, programs=str(binaries()), **services)

    def rehearse_on(self, server: Cluster) -> None:
        """Let copies be made on another server."""
        self._lead("rehearsal", server)
        self.tell(rehearsal_service="rehearsal")

    def _lead(self, service: str, server: Cluster) -> None:
        with self._services.open("a", encoding="utf-8") as file:
            file.write(f"[{service}]\nhost={server.directory}\nuser={USER}\npassfile={self._passwords}\n")

    def environment(self) -> dict[str, str]:
        """Return what libpq's programs need besides."""
        return super().environment() | {"PGSERVICEFILE": self._settings["service_file"]}

    def rows(self, database: str | None = None) -> dict[str, int]:
        """Return how many rows the tables of a database have, without any help of the program's."""
        counts = ("mail", "person", "django_migrations")
        found = self.server.query(
            database or self.database, "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in counts)
        )
        return {f"public.{table}": rows for table, rows in zip(counts, found[0], strict=True)}

    def databases(self, server: Cluster | None = None) -> list[str]:
        """Return the names of the database and of all that the program has made beside it, or on another server."""
        like = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.database}%' ORDER BY datname"
        return [name for (name,) in (server or self.server).query("postgres", like)]

    def is_dumping(self) -> bool:
        """Whether some of the data, and not yet all, is in the file."""
        return any(file.stat().st_size > 1 << 20 for file in self.backups.glob("*.partial"))


class RedisProgram(Program):
    """`amy-redis`, told of one server."""

    package = "redis_backup"


def in_bucket(name: str, server: S3) -> dict[str, str]:
    """Return the settings of a bucket."""
    return NO_BUCKET | {"name": name, "endpoint_url": server.url}


def ended(process: subprocess.Popen[str], *, seconds: float = 180) -> tuple[str, str]:
    """Return what a command has printed and complained when it has ended; it is killed if it does not."""
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"not within {seconds:g} s: {process.communicate()}") from None


def finished(process: subprocess.Popen[str], *, seconds: float = 180) -> dict[str, Any]:
    """Return what a command has printed when it has ended well."""
    output, words = ended(process, seconds=seconds)
    assert process.returncode == 0, words
    printed: dict[str, Any] = json.loads(output)
    return printed


def writers(file: Path) -> list[str]:
    """The processes that have `file` open."""
    return [process.name for process in Path("/proc").glob("[0-9]*") if file in _open_files(process)]


def _open_files(process: Path) -> Iterator[Path]:
    """What a process has open, as long as it lives."""
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield descriptor.readlink()
