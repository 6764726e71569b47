# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a copy of Redis's data."""

from __future__ import annotations

from dataclasses import dataclass

from backup_library.manifest import Manifest


@dataclass(frozen=True)
class RedisManifest(Manifest):
    """`keys` are those in the file, of all databases; `memory` is what the server used for them, in bytes."""

    redis_version: str
    keys: int
    memory: int
