# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of backups. A file has its name only when it is whole, and is no backup without its manifest."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from .failure import BackupError
from .manifest import Manifest, sha256_of
from .retention import Keep

M = TypeVar("M", bound=Manifest)

DESCRIPTION = ".manifest.json"
UNFINISHED = ".partial"


class Folder(Generic[M]):
    """The backups in `directory` whose names end with `suffix`; `kind` is the kind of their manifests."""

    def __init__(self, directory: Path, suffix: str, kind: type[M]) -> None:
        self.directory = directory
        self.suffix = suffix
        self._kind = kind

    def partial(self, name: str) -> Path:
        """Return where a backup is written before it has its name."""
        return self.directory / (name + UNFINISHED)

    def description(self, name: str) -> Path:
        """Return where the manifest of a backup is."""
        return self.directory / (name + DESCRIPTION)

    def complete(self) -> list[M]:
        """Return the manifests of all complete backups, the newest first. What is none is passed over."""
        found = [self._look(path) for path in self.directory.glob(f"*{self.suffix}")]
        complete = [look for look in found if not isinstance(look, str)]
        return sorted(complete, key=lambda manifest: datetime.fromisoformat(manifest.started), reverse=True)

    def left_out(self) -> list[str]:
        """Return what in the folder looks like a backup and is none, each with the reason."""
        found = [self._look(path) for path in sorted(self.directory.glob(f"*{self.suffix}"))]
        return [look for look in found if isinstance(look, str)]

    def read(self, name: str) -> M:
        """Return a backup's manifest. Raises BackupError if there is none that can be read."""
        description = self.description(name)
        try:
            described = self._kind.parse(json.loads(description.read_text(encoding="utf-8")))
        except (OSError, ValueError, BackupError) as error:
            raise BackupError(
                f"{name} is no complete backup: {description} is no manifest of a backup: {error}\n"
                f"Look: ls -l {self.directory}"
            ) from error
        # An operator may have copied both under another name, and then means that file.
        return replace(described, name=name)

    def _look(self, path: Path) -> M | str:
        """Return the manifest of a backup, or why it is none."""
        if not path.is_file():
            return f"{path} is no file"
        if not self.description(path.name).exists():
            return f"{path} has no manifest"
        try:
            return self.read(path.name)
        except BackupError as error:
            return str(error)

    def describe(self, manifest: M) -> None:
        """Put a manifest beside its backup, whole or not at all."""
        description = self.description(manifest.name)
        partial = self.partial(description.name)
        # A new file, never one that a link leads to.
        with partial.open("x", encoding="utf-8") as file:
            file.write(json.dumps(asdict(manifest), indent=2) + "\n")
        sync(partial)
        partial.rename(description)
        sync(self.directory)

    def add(self, manifest: M) -> None:
        """Give a backup that is written and verified its name."""
        partial = self.partial(manifest.name)
        sync(partial)
        self.describe(manifest)
        partial.rename(self.directory / manifest.name)
        sync(self.directory)

    def require_intact(self, manifest: Manifest) -> Path:
        """Return a backup's path. Raises BackupError unless it is the file that was verified when it was made."""
        path = self.directory / manifest.name
        if path.stat().st_size != manifest.size or sha256_of(path) != manifest.sha256:
            raise BackupError(
                f"{path} is not what it was when it was made: its size or checksum differs from the manifest's."
            )
        return path

    def require_space(self, *, first: int) -> None:
        """Raise BackupError unless twice the last backup has room; or `first` bytes, while there is none."""
        complete = self.complete()
        needed = 2 * complete[0].size if complete else first
        free = shutil.disk_usage(self.directory).free
        if free < needed:
            raise BackupError(
                f"{self.directory} has {free >> 20} MiB free, and a backup may need {needed >> 20} MiB. "
                "Enlarge the volume, or keep fewer backups."
            )

    def remove_remains(self) -> None:
        """Remove the unfinished files of a killed run. The caller holds the lock, so no other run writes."""
        # A folder is no work of ours.
        for partial in self.directory.glob(f"*{UNFINISHED}"):
            if not partial.is_dir() or partial.is_symlink():
                partial.unlink()
        for description in self.directory.glob(f"*{self.suffix}{DESCRIPTION}"):
            if description.is_file() and not (self.directory / description.name.removesuffix(DESCRIPTION)).exists():
                description.unlink()

    def prune(self, keep: Keep) -> None:
        """Remove what need not be kept."""
        for old in keep.superseded(self.complete()):
            (self.directory / old.name).unlink()
            self.description(old.name).unlink()


def sync(path: Path) -> None:
    """Return once the file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
