# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a source archive lacks because its repository has it elsewhere: submodules, Git LFS. Decides, never acts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

SUBMODULE, LFS = "submodule", "Git LFS"
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_MARK = "version https://git-lfs.github.com/spec/v1"
_POINTER = re.compile(rf"{re.escape(LFS_MARK)}\n(?:\S+ .*\n)*oid sha256:[0-9a-f]{{64}}\n(?:\S+ .*\n)*")
_LONGEST_POINTER = 1024
_NAMED = 5


@dataclass(frozen=True)
class Entry:
    """A line of `git ls-tree --long`: `size` in bytes, None of what is no file."""

    mode: str
    size: int | None
    path: str


@dataclass(frozen=True)
class Gap:
    """A `path` of the repository that an archive of its source lacks, and its `kind`: SUBMODULE or LFS."""

    path: str
    kind: str


def entries(listed: str) -> list[Entry]:
    """The entries of a whole tree, as `git ls-tree -r -z --long` has `listed` them."""
    found = []
    for line in filter(None, listed.split("\0")):
        about, _tab, path = line.partition("\t")
        mode, _type, _id, size = about.split()
        found.append(Entry(mode=mode, size=int(size) if size.isdigit() else None, path=path))
    return found


def submodules(tree: Iterable[Entry]) -> list[Gap]:
    """The submodules of a tree."""
    return [Gap(path=entry.path, kind=SUBMODULE) for entry in tree if entry.mode == "160000"]


def may_point(tree: Iterable[Entry]) -> set[str]:
    """The paths of files that are small enough to be pointers of Git LFS."""
    return {
        entry.path
        for entry in tree
        if entry.mode.startswith("100") and entry.size is not None and entry.size <= _LONGEST_POINTER
    }


def points(text: str | None) -> bool:
    """Whether that is the text of a pointer, which stands for a file in Git LFS."""
    return bool(text and _POINTER.fullmatch(text))


def concerning(gaps: Iterable[Gap], *, directory: str, accepted: Sequence[str]) -> list[Gap]:
    """Those of `gaps` that a release of `directory` (a path in the source) would lack, but for those `accepted`.

    An accepted one is named by its path from the top of the repository, or by a pattern of the shell.
    """
    wanted = PurePosixPath(posixpath.normpath(directory))
    return [
        gap
        for gap in gaps
        if (_inside(PurePosixPath(gap.path), wanted) or _inside(wanted, PurePosixPath(gap.path)))
        and not any(fnmatchcase(gap.path, pattern.rstrip("/")) for pattern in accepted)
    ]


def refusal(gaps: Sequence[Mapping[str, str]], *, ref: str, stage: str) -> str:
    """What an operator is told of `gaps`, each with `path` and `kind`, which the stage does not accept; or nothing."""
    if not gaps:
        return ""
    told = [
        sentence.format(paths=_named([gap["path"] for gap in gaps if gap["kind"] == kind]))
        for kind, sentence in (
            (SUBMODULE, "{paths}: submodules (.gitmodules), whose folders would be empty."),
            (LFS, "{paths}: files in Git LFS, of which a release would have the pointers instead."),
        )
        if any(gap["kind"] == kind for gap in gaps)
    ]
    return (
        f"The repository does not have all files of {ref} itself. {' '.join(told)} Nothing has been touched. "
        "Commit these files to the repository, or publish them as a package. If the release does without them, list "
        f"their paths in release_left_out in inventories/{stage}/group_vars/all/release.yml. "
        f"Then run the same command again: make deploy STAGE={stage} VERSION={ref}"
    )


def _inside(path: PurePosixPath, folder: PurePosixPath) -> bool:
    return path == folder or folder in path.parents


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED
    return ", ".join([*paths[:_NAMED], *([f"{more} more"] if more > 0 else [])])
