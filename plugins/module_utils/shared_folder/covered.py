# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A folder as it is below what is mounted over it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .failure import SharedFolderError

# open_tree(2), Linux 5.2: one number on all architectures, no wrapper in older C libraries.
SYSCALL = 428
AT_FDCWD = -100
OPEN_TREE_CLONE = 1


@contextmanager
def covered(folder: Path) -> Iterator[Path]:
    """Yield a path to `folder` on its parent's own file system, whatever is mounted over it. Needs root.

    It is a copy of the parent's mount, attached nowhere: no other process sees it, and it ends with its descriptor.
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    tree = call(SYSCALL, AT_FDCWD, os.fsencode(folder.parent), OPEN_TREE_CLONE | os.O_CLOEXEC)
    if tree < 0:
        why = os.strerror(ctypes.get_errno())
        raise SharedFolderError(
            f"The kernel does not show what is below {folder}: open_tree: {why}. Nothing was changed."
        )
    try:
        yield Path(f"/proc/self/fd/{tree}", folder.name)
    finally:
        os.close(tree)
