# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is mounted where, without a look into any file system: a look into one whose server is gone blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Mount:
    """A mounted file system: its kind, and what was mounted."""

    kind: str
    source: str


def mount_at(folder: Path, *, mountinfo: str) -> Mount | None:
    """What is mounted at `folder` by the text of /proc/self/mountinfo, see proc(5); the last one is on top."""
    found = None
    for line in mountinfo.splitlines():
        before, _separator, after = line.partition(" - ")
        if _plain(before.split()[4]) == str(folder):
            kind, source = after.split()[:2]
            found = Mount(kind=kind, source=_plain(source))
    return found


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
