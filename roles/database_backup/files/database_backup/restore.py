# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore a backup: into a database beside the living one, which is replaced only by a rename."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .database import connection, count_rows, execute, fetch, require_connections
from .failure import BackupError
from .manifest import Manifest, complete_dumps, read_manifest, utc_now
from .settings import Settings
from .store import Store
from .tools import exclusive, require_intact, run

# Exists on every server, and nobody's data is in it.
NEUTRAL = "postgres"


@dataclass(frozen=True)
class Restored:
    """Which backup was restored, into which database, in how many seconds, and how many rows it has.

    `kept` is the name that a replaced database has now.
    """

    name: str
    started: str
    database: str
    seconds: float
    rows: int
    kept: str = ""


def drill(settings: Settings, *, source: str) -> Restored:
    """Prove that a backup restores, on a scratch database that is gone afterwards."""
    with exclusive(settings):
        scratch = f"{settings.database}_drill"
        restored = _restore(settings, source, into=scratch)
        _drop(settings, scratch)
        return restored


def copy(settings: Settings, *, source: str) -> Restored:
    """Restore a backup into a database of its own, which stays until `drop_copy`, or until the next copy is made."""
    with exclusive(settings):
        return _restore(settings, source, into=_copy_name(settings))


def drop_copy(settings: Settings) -> None:
    """Drop what `copy` has made, if it is there."""
    _drop(settings, _copy_name(settings))


def replace_database(settings: Settings, *, source: str) -> Restored:
    """Put a backup in the place of the living database, which is kept under another name and refuses connections."""
    with exclusive(settings):
        successor = f"{settings.database}_restore"
        kept = f"{settings.database}_before_{utc_now():%Y%m%dT%H%M%SZ}".lower()
        restored = _restore(settings, source, into=successor)
        _swap(settings, successor=successor, kept=kept)
        return replace(restored, database=settings.database, kept=kept)


def admit(settings: Settings) -> None:
    """Let the living database be connected to again, if a restore was killed while it refused."""
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        found = fetch(connected, "SELECT datallowconn FROM pg_database WHERE datname = %s", settings.database)
        if found and not found[0][0]:
            execute(connected, "ALTER DATABASE {} ALLOW_CONNECTIONS true", settings.database)


def find(settings: Settings, source: str) -> tuple[Path, Manifest]:
    """Return a backup by its path, its S3 URL or the word newest. Raises BackupError unless it is there and intact."""
    if source == "newest":
        dumps = complete_dumps(settings.directory)
        if not dumps:
            raise BackupError(f"There is no complete backup in {settings.directory}. Run: make backup")
        dump = settings.directory / dumps[0].name
    elif source.startswith("s3://"):
        dump = Store(settings).fetch(source, into=settings.directory)
    else:
        dump = settings.directory / source
    try:
        manifest = read_manifest(dump)
        require_intact(settings, dump, manifest)
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{dump} is no complete backup: {error}\nLook: ls -l {settings.directory}") from error
    return dump, manifest


def _restore(settings: Settings, source: str, *, into: str) -> Restored:
    """Restore into the database `into`, which is made anew, and compare it with the manifest row by row."""
    dump, manifest = find(settings, source)
    began = time.monotonic()
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        require_connections(connected)
        execute(connected, "DROP DATABASE IF EXISTS {} WITH (FORCE)", into)
        execute(connected, "CREATE DATABASE {} TEMPLATE template0", into)
    run(
        settings,
        "pg_restore",
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-acl",
        f"--dbname={settings.conninfo(into)}",
        str(dump),
    )
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
    return Restored(manifest.name, manifest.started, into, seconds, sum(manifest.rows.values()))


def _drop(settings: Settings, database: str) -> None:
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        execute(connected, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def _copy_name(settings: Settings) -> str:
    return f"{settings.database}_rehearsal"


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


def _end_sessions(connected: Any, database: str) -> None:
    fetch(connected, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", database)
    for _attempt in range(50):
        if not fetch(connected, "SELECT pid FROM pg_stat_activity WHERE datname = %s", database):
            return
        time.sleep(0.1)
    raise BackupError(f"Sessions of {database} did not end within 5 s of being told to; the database is untouched.")
