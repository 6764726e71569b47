# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the database that nobody serves: beside it, or on a server that bears the load of them instead."""

from __future__ import annotations

from dataclasses import dataclass

from backup_library.failure import BackupError

from .database import connection, fetch, require_version
from .restore import NEUTRAL, Restored, drop, find, restore_into
from .settings import Settings

MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


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
        restored = restore_into(server, find(settings, source), into=scratch)
        drop(server, scratch)
        return restored


def copy(settings: Settings, *, source: str) -> Restored:
    """Restore a backup into a database of its own, which stays until `drop_copy`, or until the next copy is made."""
    with settings.backups.lock.held():
        server = _cleared(settings, _copy_name(settings))
        return restore_into(server, find(settings, source), into=_copy_name(settings))


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
        if not fetch(connected, MAY_CREATE)[0][0]:
            raise BackupError(
                f"The user {fetch(connected, 'SELECT current_user')[0][0]} may not create databases on the server that "
                "copies are made on. As its administrator: ALTER ROLE ... CREATEDB"
            )
        return RehearsalServer(connected.server_version // 10000, elsewhere=True)


def _cleared(settings: Settings, scratch: str) -> Settings:
    """Return the way to the server of copies. None is left on the database's own, made before another was named."""
    if settings.rehearses_elsewhere:
        drop(settings, scratch)
    return settings.for_rehearsals()


def _copy_name(settings: Settings) -> str:
    return f"{settings.database}_rehearsal"
