# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore a backup: into a database beside the living one, which is replaced only by a rename."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from backup_library.failure import BackupError
from backup_library.manifest import utc_now

from .backup import back_up
from .database import connection, count_rows, execute, fetch, require_connections, require_version
from .dump import client_version, require_readable, restore
from .manifest import BEFORE_RESTORE, DatabaseManifest
from .settings import Settings

# Exists on every server, and nobody's data is in it.
NEUTRAL = "postgres"
# Only a superuser may end autovacuum, which has no user, and whose kind is shown to few. A rename and a drop end it
# themselves; WITH (FORCE) would demand the right to.
SESSIONS = "FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL"


@dataclass(frozen=True)
class Restored:
    """Which backup was restored, into which database, in how many seconds, and how many rows it has.

    `release` is the one that ran when it was made, empty if that is not known. `kept` is the name that a replaced
    database has now, `backup` is the backup that was made of it before.
    """

    name: str
    started: str
    database: str
    seconds: float
    rows: int
    release: str
    kept: str = ""
    backup: str = ""


def replace_database(settings: Settings, *, source: str) -> Restored:
    """Put a backup in the place of the living database, which is kept under another name and refuses connections.

    What is replaced is backed up before.
    """
    with settings.backups.lock.held():
        chosen = find(settings, source)
        _admit(settings)
        before = back_up(settings, reason=BEFORE_RESTORE, release="", prune=False)
        successor = f"{settings.database}_restore"
        kept = f"{settings.database}_before_{utc_now():%Y%m%dT%H%M%S%f}Z".lower()
        restored = restore_into(settings, chosen, into=successor)
        _swap(settings, successor=successor, kept=kept)
        return replace(restored, database=settings.database, kept=kept, backup=before.name)


def find(settings: Settings, source: str) -> DatabaseManifest:
    """Return a backup by its name, its S3 URL or the word newest. Raises BackupError unless it is there and intact."""
    folder = settings.backups.folder
    try:
        manifest = _choose(settings, source)
        _require_client(settings, manifest)
        require_readable(settings, folder.require_intact(manifest))
    except OSError as error:
        raise BackupError(f"{source} is no complete backup: {error}\nLook: ls -l {folder.directory}") from error
    return manifest


def _require_client(settings: Settings, manifest: DatabaseManifest) -> None:
    client = client_version(settings)
    if manifest.client_version > client:
        raise BackupError(
            f"{manifest.name} was made by pg_dump of PostgreSQL {manifest.client_version}, and the host's pg_restore "
            f"is of {client}, which cannot read it. Run: make backup STAGE=<stage>, and use that one; or restore "
            f"this one by hand with pg_restore of PostgreSQL {manifest.client_version}."
        )


def restore_into(settings: Settings, manifest: DatabaseManifest, *, into: str) -> Restored:
    """Restore into the database `into`, which is made anew, and compare it with the manifest table by table."""
    began = time.monotonic()
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        require_version(connected, manifest.server_version, what=manifest.name)
        require_connections(connected)
        _drop(connected, into)
        execute(connected, "CREATE DATABASE {} TEMPLATE template0", into)
    restore(settings, settings.backups.folder.directory / manifest.name, database=into)
    with connection(settings, into) as connected:
        restored = count_rows(connected)
    if restored != manifest.rows:
        differing = sorted(
            name for name in {*restored, *manifest.rows} if restored.get(name) != manifest.rows.get(name)
        )
        raise BackupError(
            f"{manifest.name} restores with other row counts than it was made with: {', '.join(differing)}"
        )
    seconds = round(time.monotonic() - began, 1)
    return Restored(manifest.name, manifest.started, into, seconds, sum(manifest.rows.values()), manifest.release)


def drop(settings: Settings, database: str) -> None:
    """Drop a database, if it is there."""
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        _drop(connected, database)


def _choose(settings: Settings, source: str) -> DatabaseManifest:
    if source == "newest":
        # After a kill, the same restore means the same backup, not the one that the killed restore has made.
        return settings.backups.newest(of=settings.database, make="make backup STAGE=<stage>", but=BEFORE_RESTORE)
    return settings.backups.fetch(source) if source.startswith("s3://") else settings.backups.folder.read(source)


def _admit(settings: Settings) -> None:
    """Let the living database be connected to again, if a restore was killed while it refused."""
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        found = fetch(connected, "SELECT datallowconn FROM pg_database WHERE datname = %s", settings.database)
        if found and not found[0][0]:
            execute(connected, "ALTER DATABASE {} ALLOW_CONNECTIONS true", settings.database)


def _swap(settings: Settings, *, successor: str, kept: str) -> None:
    """Both renames are one transaction: a kill leaves either database under the living name."""
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        execute(connected, "ALTER DATABASE {} ALLOW_CONNECTIONS false", settings.database)
        try:
            _end_sessions(connected, settings.database)
            connected.autocommit = False
            execute(connected, "ALTER DATABASE {} RENAME TO {}", settings.database, kept)
            execute(connected, "ALTER DATABASE {} RENAME TO {}", successor, settings.database)
            connected.commit()
        except Exception:
            connected.rollback()
            connected.autocommit = True
            execute(connected, "ALTER DATABASE {} ALLOW_CONNECTIONS true", settings.database)
            raise


def _drop(connected: Any, database: str) -> None:
    _end_sessions(connected, database)
    execute(connected, "DROP DATABASE IF EXISTS {}", database)


def _end_sessions(connected: Any, database: str) -> None:
    fetch(connected, f"SELECT pg_terminate_backend(pid) {SESSIONS}", database)
    for _attempt in range(50):
        if not fetch(connected, f"SELECT pid {SESSIONS}", database):
            return
        time.sleep(0.1)
    raise BackupError(f"Sessions of {database} did not end within 5 s of being told to; the database is untouched.")
