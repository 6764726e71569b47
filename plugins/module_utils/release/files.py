# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archives, checksums and directories: what building and staging have in common on the file system."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .failure import ReleaseError

_BLOCK = 1 << 20
_NICENESS = 10


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def tree_size(directory: Path) -> int:
    """Bytes of all regular files under `directory`; links are not followed."""
    return sum(path.stat().st_size for path in regular_files(directory))


def regular_files(directory: Path) -> Iterator[Path]:
    """All regular files under `directory`, in no order; links, and what they point to, are left out."""
    for folder, _names, files in os.walk(directory):
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                yield path


def remove_tree(path: Path) -> None:
    """Remove `path` and all under it, if it is there."""
    if path.exists():
        shutil.rmtree(path)


def fsync_directory(path: Path) -> None:
    """Return when the names in `path` are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def step_back() -> None:
    """Let this process, and all that it starts from now on, take what others leave of CPU and disk.

    What serves visitors on the same host must not wait for an unpacking or a build.
    """
    os.nice(_NICENESS)
    ionice = shutil.which("ionice")
    if ionice:
        # The last of those who are served at all: the idle class might wait for ever on a busy disk.
        command = [ionice, "--class", "2", "--classdata", "7", "--pid", str(os.getpid())]
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        subprocess.run(command, capture_output=True, check=False)


def run_tar(*arguments: str, doing: str) -> None:
    """Run tar. Raises ReleaseError, which begins with "Cannot <doing>", if it fails."""
    # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
    done = subprocess.run(["tar", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseError(
            f"Cannot {doing}: {done.stderr.strip() or f'tar exited with {done.returncode}'}. "
            "tar and zstd must be installed (apt-get install tar zstd) and the disk must have room (df -h)."
        )
