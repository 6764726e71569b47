# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_dump and pg_restore."""

from __future__ import annotations

import re
from pathlib import Path

from backup_library.failure import BackupError
from backup_library.programs import run

from .database import Contents, quoted
from .settings import Settings


def client_version(settings: Settings) -> int:
    """Return the major version of pg_dump."""
    told = run(_program(settings, "pg_dump"), "--version", environment=settings.environment()).output
    found = re.search(r"\) (\d+)", told)
    if not found:
        raise BackupError("pg_dump does not tell its version")
    return int(found.group(1))


def dump(settings: Settings, *, snapshot: str, has: Contents, into: Path) -> list[str]:
    """Write a dump of an exported snapshot into a file; `has` says what cannot be in it.

    Return the lines in which pg_dump complained.
    """
    done = run(
        _program(settings, "pg_dump"),
        "--format=custom",
        "--no-owner",
        "--no-acl",
        "--lock-wait-timeout=30s",
        f"--snapshot={snapshot}",
        f"--file={into}",
        *(f"--exclude-schema={quoted(schema)}" for schema in has.closed_schemas),
        *(f"--exclude-table={quoted(*table)}" for table in has.closed_tables),
        f"--dbname={settings.conninfo()}",
        environment=settings.environment(),
    )
    return done.warnings


def require_readable(settings: Settings, file: Path) -> list[str]:
    """Raise BackupError unless all of a dump can be read; its table of contents proves nothing about the data.

    Return the lines in which pg_restore complained.
    """
    command = [_program(settings, "pg_restore"), "--file=/dev/null", str(file)]
    try:
        return run(*command, environment=settings.environment()).warnings
    except BackupError as error:
        raise BackupError(f"{file.name} cannot be read back, so it is no backup.\n{error}") from error


def restore(settings: Settings, file: Path, *, database: str) -> None:
    """Restore a dump into an empty database, all or nothing."""
    run(
        _program(settings, "pg_restore"),
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-acl",
        f"--dbname={settings.conninfo(database)}",
        str(file),
        environment=settings.environment(),
    )


def _program(settings: Settings, name: str) -> str:
    # Not what is first in PATH: Debian puts a wrapper there that chooses a version by itself.
    return str(settings.programs / name)
