# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program is told of its database, of where to rehearse, of its folder and its bucket."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backup_library.backups import Backups
from backup_library.folder import Folder
from backup_library.lock import Lock
from backup_library.retention import Keep
from backup_library.store import Bucket

from .manifest import DatabaseManifest

# pg_dump and pg_restore set the rest of what they need themselves.
OPTIONS = (
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 "
    "-c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed"
)


@dataclass(frozen=True)
class Settings:
    """The database, the service in libpq's `service_file` that leads to its server, and its backups.

    `programs` is the folder of the client's programs. `rehearsal_service` leads to the server that copies are made on;
    it may be the same. Passwords are in libpq's password file, never here.
    """

    database: str
    programs: Path
    service: str
    rehearsal_service: str
    service_file: Path
    log_file: Path
    backups: Backups[DatabaseManifest]

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Return the settings in the JSON file `path`. Raises OSError or ValueError if it cannot be read."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            database=values["database"],
            # The timer may run a new program before it has been told.
            programs=Path(values.get("programs", "")),
            service=values["service"],
            rehearsal_service=values.get("rehearsal_service", values["service"]),
            service_file=Path(values["service_file"]),
            log_file=Path(values["log_file"]),
            backups=Backups(
                folder=Folder(Path(values["directory"]), ".dump", DatabaseManifest),
                bucket=Bucket(**values["bucket"]),
                keep=Keep(**values["keep"]),
                lock=Lock(file=Path(values["lock"]["file"]), wait=values["lock"]["wait"]),
            ),
        )

    @property
    def rehearses_elsewhere(self) -> bool:
        """Whether copies are made on another server than the database's own."""
        return self.rehearsal_service != self.service

    def for_rehearsals(self) -> Settings:
        """Return the settings that lead to the server on which copies are made."""
        return replace(self, service=self.rehearsal_service)

    def environment(self) -> dict[str, str]:
        """Return the environment in which libpq's programs find the service.

        Limits that the role, the database or the server sets end none of them, nor refuse them to write.
        """
        return {**os.environ, "PGSERVICEFILE": str(self.service_file), "PGOPTIONS": OPTIONS}

    def conninfo(self, database: str | None = None) -> str:
        """Return libpq's connection string for `database`, or for the one that is backed up."""
        return f"service={self.service} dbname={database or self.database}"
