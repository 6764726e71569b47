# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tree of one site on a host, as far as releases are concerned: what is staged, what is active."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._clock import timestamp
from ..maintenance import MaintenancePage
from ..shared_folder.marker import lacks_mount
from .failure import ReleaseError
from .history import history_file, previous_release, read_history

RECORD = ".release.json"
PYTHON_RECORD = ".python.json"
PARTIAL = ".partial"
REFUSAL = ".refused.json"
# A mark counts by its mere existence; a disk that was full may have left one without its text.
UNREADABLE_REFUSAL = {"time": "", "by": "", "deploy_id": "", "reason": ""}
# What hosts tell each other of a release.
KEPT = ("id", "ref", "version", "commit", "sha256", "activated")


@dataclass(frozen=True)
class Site:
    """`/webapps/{domain}` and the places in it that releases use."""

    root: Path

    @property
    def releases(self) -> Path:
        """One directory for each staged release."""
        return self.root / "releases"

    @property
    def link(self) -> Path:
        """The symbolic link to the active release."""
        return self.root / "repo"

    @property
    def static(self) -> Path:
        """The static files of all kept releases in one tree."""
        return self.root / "static"

    @property
    def earlier(self) -> Path:
        """One directory for each release that this host never had, with nothing of it but its static files."""
        return self.root / "static-earlier"

    @property
    def pythons(self) -> Path:
        """One directory for each Python that is not the distribution's."""
        return self.root / "pythons"

    @property
    def shared(self) -> Path:
        """What survives a change of the release."""
        return self.root / "shared"

    @property
    def history(self) -> Path:
        """The list of activations."""
        return history_file(self.root)

    def directory(self, release: str) -> Path:
        """Where `release` is, or will be."""
        return self.releases / release

    def python(self, python: str) -> Path:
        """Where the Python of that id is, or will be."""
        return self.pythons / python

    def record(self, release: str) -> dict[str, Any] | None:
        """What is known of the staged `release`, with its `path`; None if it is not there or not complete."""
        record = _read_object(self.directory(release) / RECORD)
        return None if record is None else {**record, "path": str(self.directory(release))}

    def active(self) -> str | None:
        """The id of the active release; None if there is none. Raises ReleaseError if `repo` is no symbolic link."""
        if self.link.is_symlink():
            return self.link.readlink().name
        if self.link.exists():
            raise ReleaseError(
                f"{self.link} is a directory, not a link to a release: this host was not set up by this collection. "
                f"Move it away first: mv {self.link} {self.link}.before"
            )
        return None

    def staged(self) -> list[str]:
        """The ids of all complete releases, by name."""
        if not self.releases.is_dir():
            return []
        names = sorted(entry.name for entry in self.releases.iterdir() if entry.is_dir())
        return [name for name in names if not name.endswith(PARTIAL) and self.record(name) is not None]

    def earlier_records(self) -> dict[str, dict[str, Any]]:
        """What is known of each release of which only the static files are here, by its id."""
        return _records(self.earlier, file=RECORD)

    def python_records(self) -> dict[str, dict[str, Any]]:
        """What is known of each whole Python that is not the distribution's, by its id."""
        return _records(self.pythons, file=PYTHON_RECORD)

    def refusals(self) -> dict[str, dict[str, Any]]:
        """Who has given up which staged release, when and why (see `refusal`), by the release's id."""
        marks = {name: self.directory(name) / REFUSAL for name in self.staged()}
        return {name: _read_object(mark) or UNREADABLE_REFUSAL for name, mark in marks.items() if mark.exists()}


def site_state(site: Site) -> dict[str, Any]:
    """What runs and what is staged on this host, for `carpentries.amy.release_state`."""
    page = MaintenancePage(site.root)
    active = site.active()
    refused = site.refusals()
    history = read_history(site.history)
    previous = previous_release(history, active=active, refused=refused)
    return {
        "active": site.record(active) if active else None,
        "activated_by": history[-1].deploy_id if history and history[-1].to == active else None,
        "previous": site.record(previous) if previous else None,
        "staged": site.staged(),
        "kept": kept(site),
        "refused": refused,
        "free_bytes": free_bytes(site.root),
        "lacks_shared_files": lacks_mount(site.shared),
        "maintenance": page.mode == "on",
        "maintenance_for_deploy": page.for_deploy,
        "maintenance_until": timestamp(page.planned_end) if page.planned_end else None,
    }


def kept(site: Site) -> list[dict[str, Any]]:
    """The releases whose static files this host serves, each by what hosts tell each other of one (KEPT).

    `sha256` is its artifact's. `activated` is when it last became active, here or where the host was told of; None if
    it never did.
    """
    activated = {past.to: past.time for past in read_history(site.history)}
    staged = {
        release: {**(site.record(release) or {}), "activated": activated.get(release)} for release in site.staged()
    }
    records = {**site.earlier_records(), **staged}
    return [{name: record.get(name) for name in KEPT} for record in records.values()]


def free_bytes(path: Path) -> int:
    """Bytes that can still be written under `path`, or under its nearest ancestor that exists."""
    while not path.exists():
        path = path.parent
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def platform_name(os_release: str, *, machine: str) -> str:
    """For what machines an artifact is good, for example `debian12-x86_64`; `os_release` is /etc/os-release's text."""
    values = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', os_release, flags=re.MULTILINE))
    return f"{values.get('ID', 'linux')}{values.get('VERSION_ID', '')}-{machine}"


def _records(place: Path, *, file: str) -> dict[str, dict[str, Any]]:
    """The records in the complete directories of `place`, by the directories' names."""
    directories = sorted(place.iterdir()) if place.is_dir() else []
    records = {directory.name: _read_object(directory / file) for directory in directories}
    return {name: record for name, record in records.items() if record and not name.endswith(PARTIAL)}


def _read_object(file: Path) -> dict[str, Any] | None:
    """The JSON object in `file`; None if it is not there, or is none."""
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None
