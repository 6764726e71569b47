# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Static files of earlier releases on a host that joined after them: pages that those have rendered still ask for them.

They are `static-earlier/<id>/static` of the site, linked into `static` as those of staged releases are (static_tree),
and a record beside them, which is as old as the release is in the fleet.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from .files import fsync_directory, remove_tree
from .history import Activation
from .site import PARTIAL, RECORD, Site
from .stage import File, Owner, record_text, secure, static_files, write_file
from .static_tree import merge_static

FOLDER = "static"


def lacking(fleet: Sequence[Mapping[str, Any]], *, kept: Collection[str], keep: int) -> list[dict[str, Any]]:
    """What a host that serves the static files of the releases `kept` lacks, the release that was active last first.

    `fleet` has what every host of the fleet keeps (`site.kept`); the `keep` releases that were active last count, as
    they do when a host is pruned. A release that never was active has rendered nothing.
    """
    served = sorted((entry for entry in fleet if entry["activated"]), key=lambda entry: str(entry["activated"]))
    # Of one release, the entry of the host on which it was active last.
    newest = {str(entry["id"]): dict(entry) for entry in served}
    order = list(dict.fromkeys(str(entry["id"]) for entry in reversed(served)))
    return [newest[release] for release in order[:keep] if release not in kept]


def surplus(
    earlier: Mapping[str, str], *, staged: Collection[str], history: Sequence[Activation], keep: int
) -> list[str]:
    """The releases of `earlier` (id to when it was active last) that go.

    They are not among the `keep` that were active last, here or before the host joined, or are `staged` by now.
    """
    activations = [*((time, release) for release, time in earlier.items()), *((past.time, past.to) for past in history)]
    order = list(dict.fromkeys(release for _time, release in sorted(activations, reverse=True)))
    return sorted(release for release in earlier if release in staged or release not in order[:keep])


def is_there(site: Site, *, release: str, sha256: str) -> bool:
    """Whether the static files of `release`, of exactly that artifact, are here without it, or with it."""
    record = site.earlier_records().get(release) or site.record(release)
    return record is not None and record["sha256"] == sha256


def add(unpacked: Path, *, site: Site, record: Mapping[str, Any], static_directory: str, owner: Owner) -> int:
    """Make the static files of the `unpacked` release servable, and only those; returns how many were not yet.

    They are complete or not there at all. `unpacked` is left without them.
    """
    static = static_files(unpacked, static_directory=static_directory).resolve()
    directory = site.earlier / str(record["id"])
    partial = directory.with_name(directory.name + PARTIAL)
    for remains in (partial, directory):
        remove_tree(remains)
    partial.mkdir(parents=True)
    if static.is_dir():
        static.rename(partial / FOLDER)
    secure(partial, owner=owner)
    for place in (site.earlier, partial):
        place.chmod(0o750)
    merged = merge_static(partial / FOLDER, into=site.static, group=owner.group)
    # Last: it says that they are complete.
    write_file(partial / RECORD, file=File(RECORD, text=record_text(record), mode=0o640), group=owner.group)
    partial.rename(directory)
    fsync_directory(site.earlier)
    return merged
