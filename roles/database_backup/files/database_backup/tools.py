# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's own programs, and the lock that keeps two of this one apart."""

from __future__ import annotations

import fcntl
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .failure import BackupError
from .manifest import Manifest, sha256_of
from .settings import Settings


def run(settings: Settings, *command: str) -> str:
    """Return what a program prints. Raises BackupError with its own last words if it fails, or complains."""
    try:
        done = subprocess.run(command, env=settings.environment(), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is not installed. Run: make configure") from error
    if done.returncode or done.stderr.strip():
        words = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise BackupError(f"{command[0]} failed with exit code {done.returncode}:\n{words}")
    return done.stdout


def client_version(settings: Settings) -> int:
    """Return the major version of pg_dump."""
    found = re.search(r"\) (\d+)", run(settings, "pg_dump", "--version"))
    if not found:
        raise BackupError("pg_dump does not tell its version")
    return int(found.group(1))


def require_readable(settings: Settings, dump: Path) -> None:
    """Raise BackupError unless all of the dump can be read; its table of contents proves nothing about the data."""
    try:
        run(settings, "pg_restore", "--file=/dev/null", str(dump))
    except BackupError as error:
        raise BackupError(f"{dump.name} cannot be read back, so it is no backup.\n{error}") from error


def require_intact(settings: Settings, dump: Path, manifest: Manifest) -> None:
    """Raise BackupError unless the dump is the one that was verified when it was made."""
    if dump.stat().st_size != manifest.size or sha256_of(dump) != manifest.sha256:
        raise BackupError(
            f"{dump} is not what it was when it was made: its size or checksum differs from the manifest's."
        )
    require_readable(settings, dump)


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Hold the lock that the timer, a deploy and an operator share. Raises BackupError when it stays with another."""
    settings.lock_file.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + settings.lock_wait
    with settings.lock_file.open("w", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise BackupError(
                        f"Another backup or restore has held {settings.lock_file} for {settings.lock_wait} s. "
                        "Look: systemctl status 'amy-database-*'; ps -ef | grep database_backup"
                    ) from error
                time.sleep(0.2)
        yield
