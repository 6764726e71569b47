# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a dump. A dump without its manifest is not complete."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

SUFFIX = ".manifest.json"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """Rows are counted in the very snapshot that was dumped; `migrations` are the last ones of each Django app."""

    name: str
    database: str
    reason: str
    release: str
    started: str
    seconds: float
    size: int
    sha256: str
    server_version: int
    client_version: int
    migrations: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    s3: str = ""

    def age(self, now: datetime) -> float:
        """Return how many seconds ago the dump began."""
        return (now - datetime.fromisoformat(self.started)).total_seconds()


def manifest_file(dump: Path) -> Path:
    """Return where the manifest of `dump` is."""
    return dump.with_name(dump.name + SUFFIX)


def write_manifest(manifest: Manifest, dump: Path) -> None:
    """Put the manifest beside its dump, whole or not at all."""
    partial = manifest_file(dump).with_name(dump.name + SUFFIX + ".partial")
    partial.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    sync(partial)
    partial.rename(manifest_file(dump))
    sync(dump.parent)


def read_manifest(dump: Path) -> Manifest:
    """Return the manifest beside `dump`. Raises OSError if there is none, ValueError or TypeError if it is none."""
    return Manifest(**json.loads(manifest_file(dump).read_text(encoding="utf-8")))


def complete_dumps(directory: Path) -> list[Manifest]:
    """Return the manifests of all complete dumps in `directory`, the newest first."""
    dumps = [path for path in directory.glob("*.dump") if manifest_file(path).exists()]
    return sorted((read_manifest(dump) for dump in dumps), key=lambda manifest: manifest.started, reverse=True)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Return once the file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def utc_now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now(timezone.utc)
