# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The static files of all kept releases in one tree, so that a page of an earlier or later release finds its own.

The tree holds hard links. nginx asks the active release first and this tree second, so this tree matters only for names
that the active release does not have. Hence the rule for two releases that have different files of one name: names with
a hash of the content never differ, and for all others the file that is there first stays.
"""

from __future__ import annotations

import filecmp
import os
from pathlib import Path

from .files import regular_files
from .site import PARTIAL


def merge_static(source: Path, *, into: Path, group: int) -> int:
    """Link every file under `source` into the tree; returns how many names or copies were not yet linked.

    An equal file that is there already takes the place of the release's own: then the number of links to a file counts
    the releases that have it, which is what `prune_static` goes by, and the disk holds it once.
    """
    linked = 0
    for file in regular_files(source):
        merged = into / file.relative_to(source)
        if not merged.exists():
            _make_directories(merged.parent, within=into, group=group)
            os.link(file, merged)
        elif merged.samefile(file) or not filecmp.cmp(merged, file, shallow=False):
            continue
        else:
            replacement = file.with_name(file.name + PARTIAL)
            replacement.unlink(missing_ok=True)
            os.link(merged, replacement)
            replacement.rename(file)
        linked += 1
    return linked


def prune_static(tree: Path) -> int:
    """Remove the files that no release has any more, and directories that are empty then; returns how many files."""
    orphans = [file for file in regular_files(tree) if file.stat().st_nlink == 1]
    for file in orphans:
        file.unlink()
    for folder, _names, _files in os.walk(tree, topdown=False):
        path = Path(folder)
        if path != tree and not any(path.iterdir()):
            path.rmdir()
    return len(orphans)


def _make_directories(directory: Path, *, within: Path, group: int) -> None:
    missing = [path for path in (directory, *directory.parents) if path.is_relative_to(within) and not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        os.chown(path, 0, group)
        path.chmod(0o750)
