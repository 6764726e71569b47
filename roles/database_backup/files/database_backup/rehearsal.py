# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the database that serve no visitor: on its own server, or on another one that takes their load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .backup import dump_schema
from .database import connection, require_may_create, require_version
from .restore import NEUTRAL, Restored, drop, find, like, restore_into
from .settings import Settings


@dataclass(frozen=True)
class RehearsalServer:
    """The major version of the server that copies are made on, and whether it is another than the database's own."""

    server_version: int
    elsewhere: bool


def drill(settings: Settings, *, source: str) -> Restored:
    """Prove that a backup restores, on a scratch database that is gone afterwards."""
    with settings.backups.lock.held():
        scratch = f"{settings.database}_drill"
        server = _cleared(settings, scratch)
        manifest = find(settings, source)
        restored = restore_into(server, manifest, into=scratch, wanted=like(settings, manifest))
        drop(server, scratch)
        return restored


def check_restore(settings: Settings) -> Restored:
    """Prove that the database as it is now, without its rows, could be restored; the scratch database is gone then.

    No backup comes of it. Raises BackupError with what the user cannot restore.
    """
    scratch = f"{settings.database}_check"
    # A lock of its own: a backup that runs for long must not keep hosts from being configured.
    with settings.backups.lock.beside("check").held(), TemporaryDirectory() as name:
        server = _cleared(settings, scratch)
        manifest = dump_schema(settings, directory=Path(name))
        file = Path(name) / manifest.name
        try:
            restored = restore_into(server, manifest, into=scratch, wanted=manifest.description, file=file)
        finally:
            drop(server, scratch)
    return replace(restored, warnings=manifest.warnings + restored.warnings)


def copy(settings: Settings, *, source: str) -> Restored:
    """Restore a backup into a database of its own, which stays until `drop_copy`, or until the next copy is made."""
    with settings.backups.lock.held():
        server = _cleared(settings, _copy_name(settings))
        manifest = find(settings, source)
        return restore_into(server, manifest, into=_copy_name(settings), wanted=like(settings, manifest))


def drop_copy(settings: Settings) -> None:
    """Drop what `copy` has made, if it is there."""
    drop(_cleared(settings, _copy_name(settings)), _copy_name(settings))


def check(settings: Settings) -> RehearsalServer:
    """Tell where copies are made. Raises BackupError if that is another server, and none could be made there."""
    with connection(settings, NEUTRAL) as connected:
        version = connected.server_version // 10000
    if not settings.rehearses_elsewhere:
        return RehearsalServer(version, elsewhere=False)
    with connection(settings.for_rehearsals(), NEUTRAL) as connected:
        require_version(connected, version, what=f"Database {settings.database}")
        require_may_create(connected)
        return RehearsalServer(connected.server_version // 10000, elsewhere=True)


def _cleared(settings: Settings, scratch: str) -> Settings:
    """Return the way to the server of copies. None is left on the database's own, made before another was named."""
    if settings.rehearses_elsewhere:
        drop(settings, scratch)
    return settings.for_rehearsals()


def _copy_name(settings: Settings) -> str:
    return f"{settings.database}_rehearsal"
