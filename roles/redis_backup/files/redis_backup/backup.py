# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a backup, and believe in it only when it has been read back."""

from __future__ import annotations

import time

from backup_library.folder import sync
from backup_library.manifest import sha256_of, utc_now

from .manifest import RedisManifest
from .rdb import count_keys, information, transfer
from .settings import Settings


def back_up(settings: Settings, *, reason: str) -> RedisManifest:
    """Take a snapshot, read it back, describe, name, copy to the bucket, and only then prune. Return its manifest.

    Raises BackupError at the first step that fails; what was there before is untouched by then.
    """
    with settings.backups.lock.held():
        return settings.backups.add(lambda: _snapshot(settings, reason=reason))


def _snapshot(settings: Settings, *, reason: str) -> RedisManifest:
    began, started = time.monotonic(), utc_now()
    folder = settings.backups.folder
    server = information(settings)
    memory = int(server["used_memory"])
    folder.require_space(first=memory)
    name = f"redis-{started:%Y%m%dT%H%M%S%f}Z-{reason}{folder.suffix}"
    partial = folder.partial(name)
    transfer(settings, into=partial)
    sync(partial)
    keys = count_keys(partial)
    return RedisManifest(
        name=name,
        reason=reason,
        started=started.isoformat(),
        seconds=round(time.monotonic() - began, 1),
        size=partial.stat().st_size,
        sha256=sha256_of(partial),
        s3="",
        redis_version=server["redis_version"],
        keys=keys,
        memory=memory,
    )
