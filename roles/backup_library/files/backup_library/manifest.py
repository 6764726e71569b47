# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of any backup."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """A backup's file, and where its copy is in the bucket: `s3` is a URL, empty for none.

    `started` is a time in ISO 8601, with its zone; `seconds` is how long the backup took, `size` are bytes.
    """

    name: str
    reason: str
    started: str
    seconds: float
    size: int
    sha256: str
    s3: str

    def age(self, now: datetime) -> float:
        """Return how many seconds ago the backup began."""
        return (now - datetime.fromisoformat(self.started)).total_seconds()


def sha256_of(path: Path) -> str:
    """Return the checksum of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(timezone.utc)
