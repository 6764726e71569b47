# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a backup, and believe in it only when it has been read back."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from .database import connection, count_rows, fetch, last_migrations
from .failure import BackupError
from .manifest import Manifest, complete_dumps, manifest_file, sha256_of, sync, utc_now, write_manifest
from .retention import superseded
from .settings import Settings
from .store import Store
from .tools import client_version, exclusive, require_readable, run


def back_up(settings: Settings, *, reason: str, release: str, prune: bool = True) -> Manifest:
    """Dump, read back, describe, name, copy to the bucket, and only then prune. Return the new backup's manifest.

    Raises BackupError at the first step that fails; what was there before is untouched by then.
    """
    with exclusive(settings):
        _remove_remains(settings.directory)
        try:
            manifest = _dump(settings, reason=reason, release=release)
        finally:
            # A disk that is full must not stay full for the others on it.
            _remove_remains(settings.directory)
        if settings.bucket:
            dump = settings.directory / manifest.name
            store = Store(settings)
            manifest = replace(manifest, s3=store.put(dump))
            write_manifest(manifest, dump)
            store.put(manifest_file(dump))
        if prune:
            _prune(settings)
        return manifest


def _dump(settings: Settings, *, reason: str, release: str) -> Manifest:
    began, started = time.monotonic(), utc_now()
    final = settings.directory / f"{settings.database}-{started:%Y%m%dT%H%M%S%f}Z-{reason}.dump"
    partial = final.with_name(final.name + ".partial")
    with connection(settings) as connected:
        connected.set_session(isolation_level="REPEATABLE READ", readonly=True)
        client = client_version(settings)
        server = connected.server_version // 10000
        if client < server:
            raise BackupError(
                f"pg_dump is of PostgreSQL {client}, the server is {server}: an older client cannot dump it. Add "
                f"postgresql-client-{server} (of PostgreSQL's own apt repository) to database_backup_packages."
            )
        _require_space(settings, size=int(fetch(connected, "SELECT pg_database_size(current_database())")[0][0]))
        snapshot = fetch(connected, "SELECT pg_export_snapshot()")[0][0]
        run(
            settings,
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-acl",
            "--lock-wait-timeout=30s",
            f"--snapshot={snapshot}",
            f"--file={partial}",
            f"--dbname={settings.conninfo()}",
        )
        rows, migrations = count_rows(connected), last_migrations(connected)
    sync(partial)
    require_readable(settings, partial)
    manifest = Manifest(
        name=final.name,
        database=settings.database,
        reason=reason,
        release=release,
        started=started.isoformat(),
        seconds=round(time.monotonic() - began, 1),
        size=partial.stat().st_size,
        sha256=sha256_of(partial),
        server_version=server,
        client_version=client,
        migrations=migrations,
        rows=rows,
    )
    write_manifest(manifest, final)
    partial.rename(final)
    sync(settings.directory)
    return manifest


def _require_space(settings: Settings, *, size: int) -> None:
    last = complete_dumps(settings.directory)
    needed = 2 * last[0].size if last else size
    free = shutil.disk_usage(settings.directory).free
    if free < needed:
        raise BackupError(
            f"{settings.directory} has {free >> 20} MiB free, and a backup may need {needed >> 20} MiB. "
            "Enlarge the volume or lower database_backup_keep_newest."
        )


def _remove_remains(directory: Path) -> None:
    """Whoever holds the lock is alone: nobody writes these any more."""
    for remains in [*directory.glob("*.partial"), *directory.glob("*.dump.manifest.json")]:
        dump = directory / remains.name.removesuffix(".manifest.json")
        if remains.name.endswith(".partial") or not dump.exists():
            remains.unlink()


def _prune(settings: Settings) -> None:
    for old in superseded(
        complete_dumps(settings.directory),
        newest=settings.keep_newest,
        days=settings.keep_days,
        months=settings.keep_months,
    ):
        dump = settings.directory / old.name
        dump.unlink()
        manifest_file(dump).unlink()
