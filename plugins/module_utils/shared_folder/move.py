# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Move a folder to a shared file system while programs use it: copy, mount, copy what was written meanwhile, seal.

Each step can be cut off and done again. Runs as root.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .._clock import Clock
from .carry import Carried, carry
from .covered import covered
from .failure import SharedFolderError
from .mounts import MOUNTS, mount_at
from .seal import is_sealed, seal
from .writers import written_files

INTERVAL = 0.5
# Each copies what was written while the one before copied.
PASSES = 3
SCRATCH = "/run"


@dataclass(frozen=True)
class Wanted:
    """What belongs over `path`, and systemd's unit that mounts it; `folders` in it are `user`'s and `group`'s."""

    path: Path
    source: str
    kind: str
    options: str
    unit: str
    folders: tuple[str, ...]
    user: int
    group: int


@dataclass(frozen=True)
class Found:
    """How it is: whether it is mounted, whether what it covers was carried over, which folders it lacks."""

    mounted: bool
    sealed: bool
    lacks: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do."""
        return self.mounted and self.sealed and not self.lacks


@dataclass
class Moved:
    """Files by their path: `copied` to the share, and `left` because the share had a newer one."""

    copied: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    def add(self, carried: Carried) -> None:
        """Count what was done once more."""
        self.copied.update(carried.copied)
        self.left.update(carried.left)


def look(wanted: Wanted) -> Found:
    """Return how it is. Raises SharedFolderError if something else is mounted or a folder is another user's."""
    mount = mount_at(wanted.path, mountinfo=MOUNTS.read_text())
    if mount and mount.kind.startswith("nfs") and mount.source.rstrip("/") != wanted.source.rstrip("/"):
        raise SharedFolderError(
            f"{mount.source} is mounted at {wanted.path}, and {wanted.source} belongs there. Nothing was touched: "
            "files do not move from one share to another by themselves. Copy them, then run: "
            f"systemctl stop {wanted.unit}"
        )
    if not wanted.path.exists():
        return Found(mounted=False, sealed=False, lacks=wanted.folders)
    with covered(wanted.path) as below:
        sealed = is_sealed(below)
    lacks = tuple(_lacking(wanted.path, wanted)) if mount else wanted.folders
    return Found(mounted=mount is not None, sealed=sealed, lacks=lacks)


def move(wanted: Wanted, *, clock: Clock, patience: float) -> Moved:
    """Make it so. Raises SharedFolderError if files are still being written after `patience` seconds."""
    moved = Moved()
    found = look(wanted)
    if not found.mounted:
        with _mounted_aside(wanted) as share, covered(wanted.path) as below:
            _prepare(share, wanted)
            if not found.sealed:
                _copy_most(below, share, moved=moved)
        _start(wanted.unit)
    else:
        _prepare(wanted.path, wanted)
    if not found.sealed:
        with covered(wanted.path) as below:
            _copy_rest(below, wanted, moved=moved, clock=clock, patience=patience)
            seal(below, source=wanted.source)
    return moved


def _copy_most(below: Path, share: Path, *, moved: Moved) -> None:
    """Copy until little is left, so that visitors miss as little as possible in the moment after the mount."""
    for _pass in range(PASSES):
        carried = carry(below, share, writing=written_files(besides=share.stat().st_dev))
        moved.add(carried)
        if not carried.copied:
            break


def _copy_rest(below: Path, wanted: Wanted, *, moved: Moved, clock: Clock, patience: float) -> None:
    """Copy what was written until the share was mounted, and wait for those who were writing then."""
    deadline = clock.monotonic() + patience
    while True:
        carried = carry(below, wanted.path, writing=written_files(besides=wanted.path.stat().st_dev))
        moved.add(carried)
        if not carried.busy:
            return
        if clock.monotonic() > deadline:
            raise SharedFolderError(
                f"{', '.join(carried.busy[:3])} in {wanted.path} have been written for {patience:g} s. The share "
                "is mounted, and all other files are on it. See who writes: "
                f"fuser --verbose --mount {wanted.path.parent}. "
                "Then run the same command again."
            )
        clock.sleep(INTERVAL)


@contextmanager
def _mounted_aside(wanted: Wanted) -> Iterator[Path]:
    """Mount the share at a private path, for as long as the block lasts. Raises SharedFolderError."""
    scratch = tempfile.mkdtemp(prefix="shared-folder-", dir=SCRATCH)
    try:
        _run(["mount", "-t", wanted.kind, "-o", wanted.options, wanted.source, scratch], doing=f"mount {wanted.source}")
        try:
            yield Path(scratch)
        finally:
            stays = f"It stays mounted there. See who uses it: fuser --verbose --mount {scratch}. "
            _run(["umount", scratch], doing=f"unmount {scratch}", more=stays)
    finally:
        # Never more than the empty folder: what is still mounted there is the share of all hosts, and stays.
        with suppress(OSError):
            Path(scratch).rmdir()


def _lacking(share: Path, wanted: Wanted) -> Iterator[str]:
    for name in wanted.folders:
        try:
            status = (share / name).stat()
        except FileNotFoundError:
            yield name
            continue
        owner = (status.st_uid, status.st_gid)
        if owner != (wanted.user, wanted.group):
            raise SharedFolderError(
                f"{name} on {wanted.source} belongs to user {owner[0]} and group {owner[1]}, and the application is "
                f"user {wanted.user} and group {wanted.group} on this host. A share knows numbers only: they must be "
                "the same on all hosts. No file was touched. On a host that runs no release yet, set base_user_id and "
                "base_group_id to the share's; see: getent passwd"
            )


def _prepare(share: Path, wanted: Wanted) -> None:
    """Create the folders on the share, and nothing else in it that the application may write."""
    for name in _lacking(share, wanted):
        folder = share / name
        folder.mkdir(parents=True, exist_ok=True)
        for parent in folder.relative_to(share).parents:
            _give(share / parent, user=0, group=wanted.group, mode=0o755)
        _give(folder, user=wanted.user, group=wanted.group, mode=0o750)


def _give(folder: Path, *, user: int, group: int, mode: int) -> None:
    os.chown(folder, user, group)
    folder.chmod(mode)


def _start(unit: str) -> None:
    _run(["systemctl", "start", unit], doing=f"start {unit}", more=f"See: journalctl --unit {unit} --lines 20. ")


def _run(command: Sequence[str], *, doing: str, more: str = "") -> None:
    # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SharedFolderError(
            f"Cannot {doing}: {done.stdout.strip() or f'exit code {done.returncode}'}. {more}"
            "Look whether the share's address answers from this host on port 2049, and then run the same command again."
        )
