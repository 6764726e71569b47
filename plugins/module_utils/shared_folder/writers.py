# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is still writing a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
File = tuple[int, int]
# Whatever ends meanwhile writes no more. The first process of a container is hidden; it writes no uploads.
HIDDEN = (FileNotFoundError, ProcessLookupError, PermissionError)


def written_files(*, besides: int) -> frozenset[File]:
    """Device and inode of each file that a process has open for writing, unless it is on the device `besides`."""
    return frozenset(file for file in _open_for_writing() if file[0] != besides)


def _open_for_writing() -> Iterator[File]:
    for process in PROC.iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            yield from _of_process(process)


def _of_process(process: Path) -> Iterator[File]:
    try:
        names = [descriptor.name for descriptor in (process / "fd").iterdir()]
    except HIDDEN:
        return
    for name in names:
        try:
            if _writes((process / "fdinfo" / name).read_text()):
                status = (process / "fd" / name).stat()
                yield status.st_dev, status.st_ino
        except HIDDEN:
            continue


def _writes(fdinfo: str) -> bool:
    flags = next((line.split()[1] for line in fdinfo.splitlines() if line.startswith("flags:")), "0")
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY
