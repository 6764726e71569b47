# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of any backup."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from .failure import BackupError

M = TypeVar("M", bound="Manifest")
# What JSON makes of a field's type.
KINDS: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "dict": dict, "list": list}
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

    @classmethod
    def parse(cls: type[M], values: Any) -> M:
        """Return the manifest that a file has as JSON. Raises BackupError if it is none.

        Fields that a later version has added are passed over; those that it has added have defaults.
        """
        if not isinstance(values, dict):
            raise BackupError("it is no object of JSON")
        found = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        for field in fields(cls):
            kind = KINDS.get(str(field.type).partition("[")[0])
            if kind and field.name in found and not isinstance(found[field.name], kind):
                raise BackupError(f"its {field.name} is no {field.type}")
        try:
            manifest = cls(**found)
            manifest.age(utc_now())
        except (TypeError, ValueError) as error:
            raise BackupError(str(error)) from error
        return manifest

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
