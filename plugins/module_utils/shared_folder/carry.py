# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carry files from one folder into another that others write to at the same time.

Never loses a file, never overwrites a newer one, and can be done again at any time.
"""

from __future__ import annotations

import contextlib
import fcntl
import filecmp
import os
import shutil
import socket
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from . import marker
from .writers import File

# On the share: the lock, and the copies that are not complete yet.
WORKSHOP = ".carry-over"
# In the folder that is carried: older versions that the share had of files.
REPLACED = ".replaced"
OURS = (WORKSHOP, REPLACED, marker.NAME)


class Verdict(Enum):
    """What becomes of a file."""

    SAME = "same"
    COPY = "copy"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass
class Carried:
    """What was done, by path: `copied` is new on the share or newer than what was there, `left` is older than that."""

    copied: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    # Not looked at: a process writes them.
    busy: list[str] = field(default_factory=list)


def verdict(file: Path, target: Path) -> Verdict:
    """What must become of `file`, given what is at `target`. What has the same content is the same at any age."""
    here = file.lstat()
    try:
        there = target.lstat()
    except FileNotFoundError:
        return Verdict.COPY
    if stat.S_IFMT(here.st_mode) != stat.S_IFMT(there.st_mode):
        return Verdict.LEAVE
    if file.is_symlink():
        return Verdict.SAME if file.readlink() == target.readlink() else Verdict.LEAVE
    seen_alike = (here.st_size, int(here.st_mtime)) == (there.st_size, int(there.st_mtime))
    if seen_alike or filecmp.cmp(file, target, shallow=False):
        return Verdict.SAME
    # As old as each other: the one on the share may be a copy that was made while this one was written.
    return Verdict.REPLACE if here.st_mtime >= there.st_mtime else Verdict.LEAVE


def carry(source: Path, share: Path, *, writing: Collection[File] = ()) -> Carried:
    """Bring all that is in `source` to `share`, but none of what is in `writing`.

    Of two versions the newer one is on the share in the end, and the older one stays in `source`.
    """
    done = Carried()
    with _alone(share) as draft:
        for file in _files(source, share):
            path = file.relative_to(source)
            with contextlib.suppress(FileNotFoundError):  # the application has removed it meanwhile
                if _is_busy(file, writing=writing):
                    done.busy.append(str(path))
                    continue
                decision = _settle(file, share / path, draft=draft, replaced=source / REPLACED / path)
                if decision in (Verdict.COPY, Verdict.REPLACE):
                    done.copied.append(str(path))
                if decision is Verdict.LEAVE:
                    done.left.append(str(path))
    return done


def _settle(file: Path, target: Path, *, draft: Path, replaced: Path) -> Verdict:
    """Do what the verdict on a file says, and return it."""
    decision = verdict(file, target)
    if decision is Verdict.COPY:
        _copy(file, draft)
        try:
            # A link, unlike a rename, is refused where something has come to be meanwhile.
            os.link(draft, target, follow_symlinks=False)
        except FileExistsError:
            decision = verdict(file, target)
    if decision is Verdict.REPLACE:
        replaced.parent.mkdir(parents=True, exist_ok=True)
        _copy(target, replaced)
        _copy(file, draft)
        draft.rename(target)
    return decision


def _copy(file: Path, target: Path) -> None:
    """Copy a file or a link with its owner, its permissions and its times."""
    target.unlink(missing_ok=True)
    shutil.copy2(file, target, follow_symlinks=False)
    status = file.lstat()
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not file.is_symlink():
        target.chmod(stat.S_IMODE(status.st_mode))  # a change of the owner takes some of them away


def _files(source: Path, share: Path) -> Iterator[Path]:
    """Yield the files and links of `source`; the folders that they are in exist on `share` by then."""
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        if here == source:
            folders[:], files[:] = ([name for name in names if name not in OURS] for names in (folders, files))
        for name in folders:
            if not (here / name).is_symlink():
                _have_folder(share / here.relative_to(source) / name, like=here / name)
        for name in [*files, *(name for name in folders if (here / name).is_symlink())]:
            if (here / name).is_symlink() or (here / name).is_file():
                yield here / name


def _have_folder(folder: Path, *, like: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        return
    status = like.lstat()
    os.chown(folder, status.st_uid, status.st_gid)
    folder.chmod(stat.S_IMODE(status.st_mode))


def _is_busy(file: Path, *, writing: Collection[File]) -> bool:
    status = file.lstat()
    return (status.st_dev, status.st_ino) in writing


@contextmanager
def _alone(share: Path) -> Iterator[Path]:
    """Wait until no other host carries anything to `share`; yield the place of this host's incomplete copy."""
    workshop = share / WORKSHOP
    workshop.mkdir(mode=0o700, exist_ok=True)
    draft = workshop / socket.gethostname()
    with (workshop / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)
