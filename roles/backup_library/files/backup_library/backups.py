# SPDX-License-Identifier: GPL-3.0-or-later
"""From a file that is written to a backup that can be believed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from .failure import BackupError
from .folder import DESCRIPTION, Folder
from .lock import Lock
from .manifest import Manifest, utc_now
from .retention import Keep
from .store import Bucket

M = TypeVar("M", bound=Manifest)

# What a check tells of a manifest, as far as it has it.
SHOWN = ("name", "size", "s3", "database_size", "warnings")


@dataclass(frozen=True)
class Backups(Generic[M]):
    """The backups of one thing, in a folder and in a bucket. What changes them holds `lock`."""

    folder: Folder[M]
    bucket: Bucket
    keep: Keep
    lock: Lock

    def add(self, make: Callable[[], M], *, prune: bool = True) -> M:
        """Let `make` write and verify a file where `Folder.partial` says; name it, copy it, and only then prune.

        Raises BackupError at the first step that fails; what was there before is untouched by then.
        """
        self.folder.remove_remains()
        try:
            manifest = make()
            self.folder.add(manifest)
        finally:
            # A disk that is full must not stay full for the others on it.
            self.folder.remove_remains()
        if self.bucket.name:
            manifest = replace(manifest, s3=self.bucket.put(self.folder.directory / manifest.name))
            self.folder.describe(manifest)
            self.bucket.put(self.folder.description(manifest.name))
        if prune:
            self.folder.prune(self.keep)
        return manifest

    def fetch(self, url: str) -> M:
        """Bring a backup from a bucket into the folder; return its manifest. The caller holds the lock."""
        name = url.rpartition("/")[2]
        description = self.folder.description(name)
        self.folder.remove_remains()
        try:
            self.bucket.fetch(url + DESCRIPTION, into=self.folder.partial(description.name))
            self.bucket.fetch(url, into=self.folder.partial(name))
            self.folder.partial(description.name).rename(description)
            self.folder.partial(name).rename(self.folder.directory / name)
        finally:
            self.folder.remove_remains()
        return self.folder.read(name)

    def newest(self, *, of: str, make: str, but: str = "") -> M:
        """Return the newest backup of the thing `of`, but for those that were made for the reason `but`.

        It may be in the bucket only, made by a host that kept the backups before: then it is brought here. The caller
        holds the lock. Raises BackupError if there is none; `make` is the command that makes one.
        """
        here = next((manifest for manifest in self.folder.complete() if manifest.reason != but), None)
        try:
            newer = self._newest_copy(of=of, but=but, after=here.name if here else "")
        except BackupError:
            # A bucket that does not answer does not keep an operator from what is here.
            if here is None:
                raise
            newer = ""
        if newer:
            return self.fetch(f"s3://{self.bucket.name}/{self.bucket.prefix}/{newer}")
        if here is None:
            raise BackupError(f"There is no backup in {self.folder.directory} or in the bucket. Run: {make}")
        return here

    def _newest_copy(self, *, of: str, but: str, after: str) -> str:
        """Return the name of the newest complete copy in the bucket that is newer than `after`; empty if none is.

        Names begin with what was backed up, then have the time: their order is that of their times.
        """
        if not self.bucket.name:
            return ""
        names = set(self.bucket.names(f"{of}-", after=after))
        kind = re.compile(rf"{re.escape(of)}-\d{{8}}T\d{{12}}Z-([A-Za-z0-9_-]+){re.escape(self.folder.suffix)}")
        found = [(name, match[1]) for name in names if (match := kind.fullmatch(name))]
        complete = [name for name, reason in found if reason != but and name + DESCRIPTION in names]
        return max(complete, default="")

    def check(self, *, max_age: int, make: str) -> dict[str, Any]:
        """Return what is worth knowing of the newest backup that is where it should be: here, and in the bucket.

        Raises BackupError if it is older than `max_age` seconds, or if there is none; `make` is the command that makes
        one.
        """
        complete = self.folder.complete()
        # One that is just being copied is no failure yet.
        safe = [manifest for manifest in complete if manifest.s3 or not self.bucket.name]
        if not safe:
            copied = f" that has a copy in s3://{self.bucket.name}" if complete else ""
            raise BackupError(f"There is no backup in {self.folder.directory}{copied}. Run: {make}")
        age = round(safe[0].age(utc_now()))
        if age > max_age:
            raise BackupError(
                f"The newest backup, {safe[0].name}, is {age // 60} minutes old. "
                "Look: systemctl status 'amy-*-backup'; journalctl -u 'amy-*-backup'"
            )
        shown = {field: value for field, value in asdict(safe[0]).items() if field in SHOWN}
        return self.told({**shown, "age": age, "count": len(complete)})

    def told(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """Return an outcome that names what in the folder is no backup, if there is anything."""
        left_out = self.folder.left_out()
        return {**outcome, "left_out": left_out} if left_out else outcome
