# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that a timer, a deploy and an operator share."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .failure import BackupError


@dataclass(frozen=True)
class Lock:
    """A file that the working process locks, and how many seconds another process waits for it."""

    file: Path
    wait: int

    def beside(self, name: str) -> Lock:
        """Return a lock for work that needs no peace from the others, but from its own kind."""
        return replace(self, file=self.file.with_name(f"{self.file.stem}-{name}{self.file.suffix}"))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises BackupError when it stays with another; the kernel frees it when its holder ends."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self.wait
        with self.file.open("w", encoding="utf-8") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise BackupError(
                            f"Another backup or restore has held {self.file} for {self.wait} s. "
                            "Look: systemctl status 'amy-*'; ps -ef | grep _backup"
                        ) from error
                    time.sleep(0.2)
            yield
