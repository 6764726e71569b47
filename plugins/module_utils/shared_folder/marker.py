# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mark in a folder that a shared file system covers. A program that sees it sees the covered folder."""

from __future__ import annotations

from pathlib import Path

from .mounts import MOUNTS, mount_at

NAME = ".carried-over"
TEXT = """\
What is here was carried over to {source}, which belongs here and is not mounted.
Nothing must be written here: no other host would see it. Run: make configure STAGE=<stage>
"""


def lacks_mount(folder: Path) -> bool:
    """Whether the folder has been carried over, and what was mounted over it is not there."""
    return mount_at(folder, mountinfo=MOUNTS.read_text()) is None and (folder / NAME).exists()
