# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a dump."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from backup_library.manifest import Manifest

from .description import Description

# Made by a restore, of what it is about to replace.
BEFORE_RESTORE = "before-restore"


@dataclass(frozen=True)
class DatabaseManifest(Manifest):
    """Rows are counted in the very snapshot that was dumped; `migrations` are the last ones of each Django app.

    `warnings` are what pg_dump and pg_restore complained of while they did their work, and what could not be
    read. A manifest of an earlier version has no `description`, and counts the rows of a table with those of its parts.

    `database_size` is what the database takes on its server, in bytes; 0 if that was not asked.
    """

    database: str
    release: str
    server_version: int
    client_version: int
    migrations: dict[str, str]
    rows: dict[str, int]
    database_size: int = 0
    warnings: list[str] = field(default_factory=list)
    description: Description | None = None

    @classmethod
    def parse(cls, values: Any) -> DatabaseManifest:
        """Return the manifest that a file has as JSON. Raises BackupError if it is none."""
        manifest = super().parse(values)
        if isinstance(manifest.description, dict):
            return replace(manifest, description=Description.parse(manifest.description))
        return manifest
