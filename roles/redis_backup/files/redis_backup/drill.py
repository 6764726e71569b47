# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a backup loads, in a Redis that nobody else can reach."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backup_library.failure import BackupError

from .manifest import RedisManifest
from .rdb import information
from .settings import Settings

START_SECONDS = 120


@dataclass(frozen=True)
class Drilled:
    """Which backup was loaded, in how many seconds, and how many keys came of it.

    `expired` are keys whose time had passed by now: Redis reads them and leaves them out.
    """

    name: str
    started: str
    seconds: float
    keys: int
    expired: int


def drill(settings: Settings, *, source: str) -> Drilled:
    """Load a backup, and compare its keys with the manifest. Raises BackupError if anything is not as it was."""
    with settings.backups.lock.held():
        manifest = find(settings, source)
        _require_memory(manifest)
        began = time.monotonic()
        with _server(settings, settings.backups.folder.directory / manifest.name) as loaded:
            server = information(loaded)
        kept, expired = int(server["rdb_last_load_keys_loaded"]), int(server["rdb_last_load_keys_expired"])
        if kept + expired != manifest.keys:
            raise BackupError(
                f"{manifest.name} has {kept + expired} keys when loaded, and had {manifest.keys} when made."
            )
        return Drilled(manifest.name, manifest.started, round(time.monotonic() - began, 1), kept, expired)


def find(settings: Settings, source: str) -> RedisManifest:
    """Return a backup by its name, its S3 URL or the word newest. Raises BackupError unless it is there and intact."""
    backups = settings.backups
    try:
        if source.startswith("s3://"):
            manifest = backups.fetch(source)
        elif source == "newest":
            manifest = backups.newest(make="systemctl start amy-redis-backup")
        else:
            manifest = backups.folder.read(source)
        backups.folder.require_intact(manifest)
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{source} is no complete backup: {error}\nLook: ls -l {backups.folder.directory}") from error
    return manifest


def _require_memory(manifest: RedisManifest) -> None:
    """Raise BackupError unless both servers have room in memory: the kernel would end one of them."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    free = int(fields["MemAvailable"].split()[0]) << 10
    if free < manifest.memory:
        raise BackupError(
            f"{manifest.name} takes {manifest.memory >> 20} MiB of memory when loaded, and {free >> 20} MiB are "
            "left here. Run the drill on a larger one."
        )


@contextmanager
def _server(settings: Settings, file: Path) -> Iterator[Settings]:
    """Give the settings for a server of one's own that has loaded a copy of `file`."""
    # Not in /tmp, which may be in memory. Always the same folder: a killed drill has left it.
    directory = settings.backups.folder.directory / ".drill"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    shutil.copyfile(file, directory / "dump.rdb")
    socket = directory / "socket"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(directory), "--dbfilename", "dump.rdb"]
    options += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", str(directory / "log")]
    command = ["setpriv", "--pdeathsig", "KILL", "--", "redis-server", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        loaded = Settings(server=["-s", str(socket)], user="", password="", backups=settings.backups)
        _wait(loaded, process, log=directory / "log")
        yield loaded
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def _wait(loaded: Settings, process: subprocess.Popen[bytes], *, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    answer = ""
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if information(loaded)["loading"] == "0":
                return
        except BackupError as error:
            answer = str(error)
        time.sleep(0.1)
    words = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
    raise BackupError("\n".join([f"Redis has not loaded the backup within {START_SECONDS} s.", answer, *words]))
