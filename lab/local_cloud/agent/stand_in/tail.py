# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a file that grows, through its rotations: renamed and created again, or truncated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Seconds in which a writer may go on with a file that has been renamed: nginx does, until it has got its signal.
GRACE = 10.0
MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class Position:
    """How far a file has been read, and which file that was."""

    inode: int
    offset: int


class Tail:
    """The lines of the file at `path`, whatever it is called meanwhile, from `positions` on."""

    def __init__(self, path: Path, positions: list[Position]) -> None:
        self._path = path
        # The file at the path is the last one; those before it have been renamed.
        found = [(_find(path, position.inode), position.offset) for position in positions]
        self._files = [_File(file, offset) for file, offset in found if file is not None]

    def lines(self, now: float) -> Iterator[str]:
        """Give the lines that are complete and new; `now` is seconds of any clock that does not go back."""
        self._look_for_a_new_file(now)
        for file in self._files:
            yield from file.lines()
        for file in [file for file in self._files if file.is_over(now)]:
            yield from file.rest()
            file.close()
            self._files.remove(file)

    @property
    def positions(self) -> list[Position]:
        """Where to go on, in each file that may still grow."""
        return [file.position for file in self._files]

    def _look_for_a_new_file(self, now: float) -> None:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            return
        if self._files and self._files[-1].position.inode == inode:
            self._files[-1].renamed_at = None
            return
        for file in self._files:
            file.renamed_at = now if file.renamed_at is None else file.renamed_at
        try:
            self._files.append(_File(self._path, 0))
        except FileNotFoundError:
            return


class _File:
    def __init__(self, path: Path, offset: int) -> None:
        self._stream: BinaryIO = path.open("rb")
        self._offset = offset
        self._inode = os.fstat(self._stream.fileno()).st_ino
        self.renamed_at: float | None = None

    @property
    def position(self) -> Position:
        return Position(self._inode, self._offset)

    def lines(self) -> Iterator[str]:
        size = os.fstat(self._stream.fileno()).st_size
        if size < self._offset:
            self._offset = 0
        self._stream.seek(self._offset)
        while chunk := self._stream.readlines(MOST_BYTES):
            for line in chunk:
                if not line.endswith(b"\n"):
                    return  # its writer has not come to the end of it
                self._offset += len(line)
                yield _text(line)

    def rest(self) -> Iterator[str]:
        """Give the last line, though it has no end: it will not be continued."""
        self._stream.seek(self._offset)
        for line in self._stream:
            self._offset += len(line)
            yield _text(line)

    def is_over(self, now: float) -> bool:
        return self.renamed_at is not None and now - self.renamed_at > GRACE

    def close(self) -> None:
        self._stream.close()


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode(errors="replace")


def _find(path: Path, inode: int) -> Path | None:
    """Find the file that was at `path`: it may have been renamed beside it since."""
    candidates = [path, *path.parent.glob(f"{path.name}*")]
    return next((file for file in candidates if file.is_file() and file.stat().st_ino == inode), None)
