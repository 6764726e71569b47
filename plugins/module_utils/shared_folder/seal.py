# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make sure that no program writes into a folder by mistake when what is mounted over it is gone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from . import marker

WRITABLE = 0o222


def is_sealed(folder: Path) -> bool:
    """Whether `seal` has finished with the folder."""
    return (folder / marker.NAME).exists()


def seal(folder: Path, *, source: str) -> None:
    """Give all that is in the folder to root, without the right to write, and say in it that `source` belongs over it.

    What is in it stays readable: without the mount the site still shows what was there before.
    """
    for here, folders, files in os.walk(folder, topdown=False):
        for path in (Path(here, name) for name in (*folders, *files)):
            os.chown(path, 0, -1, follow_symlinks=False)
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~WRITABLE)
    os.chown(folder, 0, -1)
    # Last: it says that the rest is done.
    mark = folder / marker.NAME
    mark.write_text(marker.TEXT.format(source=source))
    mark.chmod(0o444)
