# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program is told of its database, its folder and its bucket."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Settings:
    """The settings file's keys. Times are seconds. Passwords are in libpq's password file, never here."""

    database: str
    service: str
    service_file: Path
    directory: Path
    lock_file: Path
    log_file: Path
    lock_wait: int
    keep_newest: int
    keep_days: int
    keep_months: int
    bucket: str
    prefix: str
    encryption: str
    kms_key: str
    endpoint_url: str

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Return the settings in the JSON file `path`. Raises OSError or ValueError if it cannot be read."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        paths = {name: Path(values[name]) for name in ("service_file", "directory", "lock_file", "log_file")}
        return cls(**{**values, **paths})

    def environment(self) -> dict[str, str]:
        """Return the environment in which libpq's programs find the service."""
        return {**os.environ, "PGSERVICEFILE": str(self.service_file)}

    def conninfo(self, database: str | None = None) -> str:
        """Return libpq's connection string for `database`, or for the one that is backed up."""
        return f"service={self.service} dbname={database or self.database}"
