# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore a backup: into a database beside the living one, which is replaced only by a rename."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg2
from backup_library.failure import BackupError, make_command
from backup_library.manifest import utc_now

from .backup import back_up
from .database import (
    connection,
    count_rows,
    count_rows_as_before,
    execute,
    fetch,
    require_connections,
    require_may_create,
    require_version,
)
from .description import Description, apply, create_statement, describe, differences
from .dump import client_version, require_readable, restore
from .manifest import BEFORE_RESTORE, DatabaseManifest
from .settings import Settings

# It exists on every server and holds no data.
NEUTRAL = "postgres"
# Only a superuser may end autovacuum, which has no user, and whose kind is shown to few. A rename and a drop end it
# themselves; WITH (FORCE) would demand the right to.
SESSIONS = "FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL"


@dataclass(frozen=True)
class Restored:
    """Which backup was restored, into which database, in how many seconds, and how many rows it has.

    `release` is the one that ran when it was made, empty if that is not known. `kept` is the name that a replaced
    database has now, `backup` is the backup that was made of it before.
    `left_out` is what of the database the user may not restore, with the reasons.
    """

    name: str
    started: str
    database: str
    seconds: float
    rows: int
    release: str
    kept: str = ""
    backup: str = ""
    warnings: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


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
        restored = restore_into(settings, chosen, into=successor, wanted=like(settings, chosen))
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
            f"is of {client}, which cannot read it. Run: {make_command('backup')}, and use that one; or restore "
            f"this one by hand with pg_restore of PostgreSQL {manifest.client_version}."
        )


def like(settings: Settings, manifest: DatabaseManifest) -> Description | None:
    """Return what a restored database is to be besides its rows: as the manifest has it, or as the living one is now.

    None if neither is known.
    """
    if manifest.description:
        return manifest.description
    try:
        with connection(settings) as connected:
            return describe(connected)
    except Exception:  # a database that has to be replaced may be in any state
        return None


def restore_into(
    settings: Settings,
    manifest: DatabaseManifest,
    *,
    into: str,
    wanted: Description | None,
    file: Path | None = None,
) -> Restored:
    """Restore into the new database `into` what is `wanted` besides the rows, and compare both with the manifest.

    `file` is the dump, if it has not its name yet. Raises BackupError if rows differ; what else differs is
    named in `left_out`.
    """
    began = time.monotonic()
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        require_version(connected, manifest.server_version, what=manifest.name)
        require_connections(connected)
        require_may_create(connected)
        _drop(connected, into)
        _create(connected, into, wanted)
    refused, warnings = restore(settings, file or settings.backups.folder.directory / manifest.name, database=into)
    with connection(settings, into) as connected:
        connected.autocommit = True
        if wanted:
            refused |= apply(connected, wanted)
        rows = count_rows(connected) if manifest.description else count_rows_as_before(connected)
        _require_rows(manifest, rows)
        if manifest.description:
            refused |= _otherwise(manifest.description, describe(connected), refused=refused)
    return Restored(
        name=manifest.name,
        started=manifest.started,
        database=into,
        seconds=round(time.monotonic() - began, 1),
        rows=sum(manifest.rows.values()),
        release=manifest.release,
        warnings=warnings,
        left_out=[f"{part}: {why}" for part, why in sorted(refused.items())],
    )


def _create(connected: Any, database: str, wanted: Description | None) -> None:
    try:
        with connected.cursor() as cursor:
            cursor.execute(create_statement(database, wanted))
    except psycopg2.Error as error:
        raise BackupError(
            f"The server cannot create a database like the one of the backup: {str(error).strip()}\n"
            "Text would be sorted and compared in another way there. Give the server what it lacks: "
            f"{wanted.locale if wanted else {}}"
        ) from error


def _require_rows(manifest: DatabaseManifest, rows: dict[str, int]) -> None:
    if rows != manifest.rows:
        differing = sorted(name for name in {*rows, *manifest.rows} if rows.get(name) != manifest.rows.get(name))
        raise BackupError(
            f"{manifest.name} restores with other row counts than it was made with: {', '.join(differing)}"
        )


def _otherwise(wanted: Description, found: Description, *, refused: dict[str, str]) -> dict[str, str]:
    """Return the parts that are otherwise, and that no one has refused. Rows are worth more than any of them."""
    # What was refused has taken its comments with it.
    known = {name.casefold() for name in refused}
    parts = [part for part in differences(wanted, found) if part.casefold() not in known]
    return dict.fromkeys(parts, "is not as the backup has it")


def drop(settings: Settings, database: str) -> None:
    """Drop a database, if it is there."""
    with connection(settings, NEUTRAL) as connected:
        connected.autocommit = True
        _drop(connected, database)


def _choose(settings: Settings, source: str) -> DatabaseManifest:
    if source == "newest":
        # After a kill, the same restore means the same backup, not the one that the killed restore has made.
        return settings.backups.newest(of=settings.database, make=make_command("backup"), but=BEFORE_RESTORE)
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
