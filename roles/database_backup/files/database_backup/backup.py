# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a backup, and believe in it only when it has been read back."""

from __future__ import annotations

import time
from pathlib import Path

from backup_library.failure import BackupError, make_command
from backup_library.folder import sync
from backup_library.manifest import sha256_of, utc_now

from .database import connection, contents, count_rows, fetch, last_migrations
from .description import describe
from .dump import client_version, dump, require_readable
from .manifest import DatabaseManifest
from .settings import Settings


def back_up(settings: Settings, *, reason: str, release: str, prune: bool = True) -> DatabaseManifest:
    """Dump, read back, describe, name, copy to the bucket, and only then prune. Return the new backup's manifest.

    The caller holds the lock. Raises BackupError; what was there before is untouched then.
    """
    return settings.backups.add(lambda: _dump(settings, reason=reason, release=release), prune=prune)


def dump_schema(settings: Settings, *, directory: Path) -> DatabaseManifest:
    """Dump all but the rows into a file in `directory`, which has the name in the manifest that is returned."""
    return _dump(settings, reason="check", release="", without_rows=directory)


def _dump(settings: Settings, *, reason: str, release: str, without_rows: Path | None = None) -> DatabaseManifest:
    began, started = time.monotonic(), utc_now()
    folder = settings.backups.folder
    name = f"{settings.database}-{started:%Y%m%dT%H%M%S%f}Z-{reason}{folder.suffix}"
    rows = without_rows is None
    partial = without_rows / name if without_rows else folder.partial(name)
    with connection(settings) as connected:
        connected.set_session(isolation_level="REPEATABLE READ", readonly=True)
        client = client_version(settings)
        server = connected.server_version // 10000
        if client != server:
            raise BackupError(
                f"pg_dump is of PostgreSQL {client}, the server is {server}: an older client cannot dump it, and what "
                f"a newer one dumps does not restore. Set database_engine_version to {server} and run: "
                + make_command("configure")
            )
        database_size = int(fetch(connected, "SELECT pg_database_size(current_database())")[0][0])
        if rows:
            folder.require_space(first=database_size)
        has = contents(connected)
        snapshot = fetch(connected, "SELECT pg_export_snapshot()")[0][0]
        warnings = has.lacks() + dump(settings, snapshot=snapshot, has=has, into=partial, rows=rows)
        counts = count_rows(connected) if rows else {f"{schema}.{table}": 0 for schema, table in has.tables}
        migrations, description = last_migrations(connected), describe(connected)
    sync(partial)
    warnings += require_readable(settings, partial)
    return DatabaseManifest(
        name=name,
        reason=reason,
        started=started.isoformat(),
        seconds=round(time.monotonic() - began, 1),
        size=partial.stat().st_size,
        sha256=sha256_of(partial),
        s3="",
        database=settings.database,
        release=release,
        server_version=server,
        client_version=client,
        migrations=migrations,
        rows=counts,
        database_size=database_size,
        warnings=warnings,
        description=description,
    )
