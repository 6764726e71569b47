# SPDX-License-Identifier: GPL-3.0-or-later
"""A Redis that no other program can reach, with the data of a backup."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backup_library.failure import BackupError
from backup_library.programs import bound

from .manifest import RedisManifest
from .rdb import information
from .settings import Settings

START_SECONDS = 120


@dataclass(frozen=True)
class Loaded:
    """The settings with which the server is asked, its folder, and how many keys came of the backup.

    `expired` are keys whose time has passed by now: Redis reads them and leaves them out.
    """

    settings: Settings
    directory: Path
    keys: int
    expired: int


@contextmanager
def loaded(settings: Settings, manifest: RedisManifest) -> Iterator[Loaded]:
    """Give a server that has loaded a backup with all of its keys; it and its folder are gone afterwards.

    The caller holds the lock. Raises BackupError if there is too little memory, or anything is not as it was.
    """
    _require_memory(manifest)
    # Not in /tmp, which may be in memory. Always the same folder: what was killed has left it.
    directory = settings.backups.folder.directory / ".private"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    shutil.copyfile(settings.backups.folder.directory / manifest.name, directory / "dump.rdb")
    socket, log = directory / "socket", directory / "log"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(directory), "--dbfilename", "dump.rdb"]
    options += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", str(log)]
    process = subprocess.Popen(bound("redis-server", *options))
    try:
        private = Settings(server=["-s", str(socket)], user="", password="", backups=settings.backups)
        server = _wait(private, process, log=log)
        keys, expired = int(server["rdb_last_load_keys_loaded"]), int(server["rdb_last_load_keys_expired"])
        if keys + expired != manifest.keys:
            raise BackupError(
                f"{manifest.name} has {keys + expired} keys when loaded, and had {manifest.keys} when made."
            )
        yield Loaded(private, directory, keys, expired)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def _require_memory(manifest: RedisManifest) -> None:
    """Raise BackupError unless both servers have room in memory: the kernel would end one of them."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    free = int(fields["MemAvailable"].split()[0]) << 10
    if free < manifest.memory:
        raise BackupError(
            f"{manifest.name} takes {manifest.memory >> 20} MiB of memory when loaded, and {free >> 20} MiB are "
            "left here. Run this on a larger host."
        )


def _wait(private: Settings, process: subprocess.Popen[bytes], *, log: Path) -> dict[str, str]:
    """Return what the server says of itself once it has loaded everything."""
    deadline = time.monotonic() + START_SECONDS
    answer = ""
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server = information(private)
            if server["loading"] == "0":
                return server
        except BackupError as error:
            answer = str(error)
        time.sleep(0.1)
    words = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
    raise BackupError("\n".join([f"Redis has not loaded the backup within {START_SECONDS} s.", answer, *words]))
