# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a log, for a message."""

from __future__ import annotations

from pathlib import Path


def tail(path: str, *, lines: int, read_at_most: int = 65536) -> str:
    """The last LINES lines of the file at PATH, or why they cannot be read."""
    try:
        with Path(path).open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - read_at_most))
            return "\n".join(log.read().decode("utf-8", errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"(the log cannot be read: {error})"
