# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a backup loads, or make it ready to take the place of a lost Redis."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from backup_library.failure import BackupError

from .manifest import RedisManifest
from .private_server import Loaded, loaded
from .rdb import ask, information
from .settings import Settings

REWRITE_SECONDS = 600
# Redis's own name for its log of all writes.
LOG = "appendonlydir"


@dataclass(frozen=True)
class Restored:
    """Which backup was loaded, in how many seconds, and how many keys came of it; `expired` are those too old by now.

    `directory` is the log of all writes that Redis starts with; empty after a drill.
    """

    name: str
    started: str
    seconds: float
    keys: int
    expired: int
    directory: str = ""


def drill(settings: Settings, *, source: str) -> Restored:
    """Load a backup, and compare its keys with the manifest."""
    with settings.backups.lock.held():
        manifest, began = find(settings, source), time.monotonic()
        with loaded(settings, manifest) as server:
            return _restored(manifest, server, began)


def prepare(settings: Settings, *, source: str) -> Restored:
    """Make of a backup the log of all writes that Redis starts with.

    A Redis that keeps such a log ignores a copy beside it, and starts empty without a word.
    """
    with settings.backups.lock.held():
        manifest, began = find(settings, source), time.monotonic()
        prepared = settings.backups.folder.directory / LOG
        shutil.rmtree(prepared, ignore_errors=True)
        with loaded(settings, manifest) as server:
            ask(server.settings, "CONFIG", "SET", "appendonly", "yes")
            _wait_for_log(server.settings)
            (server.directory / LOG).rename(prepared)
            return _restored(manifest, server, began, directory=str(prepared))


def find(settings: Settings, source: str) -> RedisManifest:
    """Return a backup by its name, its S3 URL or the word newest. Raises BackupError unless it is there and intact."""
    backups = settings.backups
    try:
        if source.startswith("s3://"):
            manifest = backups.fetch(source)
        elif source == "newest":
            manifest = backups.newest(of="redis", make="systemctl start amy-redis-backup")
        else:
            manifest = backups.folder.read(source)
        backups.folder.require_intact(manifest)
    except OSError as error:
        raise BackupError(f"{source} is no complete backup: {error}\nLook: ls -l {backups.folder.directory}") from error
    return manifest


def _wait_for_log(server: Settings) -> None:
    deadline = time.monotonic() + REWRITE_SECONDS
    while time.monotonic() < deadline:
        found = information(server)
        if found["aof_rewrite_in_progress"] == found["aof_rewrite_scheduled"] == "0":
            if found["aof_last_bgrewrite_status"] == "ok" and found["aof_enabled"] == "1":
                return
            raise BackupError("Redis could not write its log: is the disk full?")
        time.sleep(0.1)
    raise BackupError(f"Redis has not written its log within {REWRITE_SECONDS} s.")


def _restored(manifest: RedisManifest, server: Loaded, began: float, *, directory: str = "") -> Restored:
    seconds = round(time.monotonic() - began, 1)
    return Restored(manifest.name, manifest.started, seconds, server.keys, server.expired, directory)
