# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program is told of its Redis, its folder and its bucket."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backup_library.backups import Backups
from backup_library.folder import Folder
from backup_library.lock import Lock
from backup_library.retention import Keep
from backup_library.store import Bucket

from .manifest import RedisManifest


@dataclass(frozen=True)
class Settings:
    """Where Redis is (`server`: options of redis-cli), who asks, and the backups."""

    server: list[str]
    user: str
    password: str = field(repr=False)
    backups: Backups[RedisManifest]

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Return the settings in the JSON file `path`. Raises OSError or ValueError if it cannot be read."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            server=values["server"],
            user=values["user"],
            password=values["password"],
            backups=Backups(
                folder=Folder(Path(values["directory"]), ".rdb", RedisManifest),
                bucket=Bucket(**values["bucket"]),
                keep=Keep(**values["keep"]),
                lock=Lock(file=Path(values["lock"]["file"]), wait=values["lock"]["wait"]),
            ),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment in which redis-cli finds the password. Arguments would show it."""
        # An empty one would be tried, and be refused.
        return {**os.environ, **({"REDISCLI_AUTH": self.password} if self.password else {})}
