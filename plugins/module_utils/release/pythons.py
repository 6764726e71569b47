# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Pythons that releases run on: the distribution's, or one of their own below the site (docs/adr/0023).

A Python of its own is `pythons/<id>`, the same path on every host, so that a virtual environment that was made with it
is valid on each. It belongs to root, holds no secret and may be read by all: the user that builds needs it, too.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from .failure import ReleaseError
from .python_asked import candidates
from .site import PYTHON_RECORD, Site
from .stage import File, fetch, publish, record_text, write_file

# As `python3.11` is called; `python3.11-config` and `python3.11d` are none.
_PROGRAM = re.compile(r"python3\.\d+")
_FULL_VERSION = re.compile(r"\d+\.\d+\.\d+")
_ID = re.compile(r"3\.\d+(\.\d+)?-[a-z0-9][a-z0-9._]*-[a-z0-9_]+-[0-9a-f]{8}")
# Seconds; it answers in hundredths.
_PATIENCE = 20


def distribution_python(wanted: str, *, found: Mapping[str, str]) -> str:
    """The path of the Python among `found` (full version to path) that is the `wanted` version; empty if none is.

    Raises ReleaseError if `wanted` is no version.
    """
    return next((found[version] for version in candidates(wanted) if version in found), "")


def distribution_pythons(directory: Path = Path("/usr/bin")) -> dict[str, str]:
    """The Pythons that the distribution has put into `directory`: full version to path."""
    paths = sorted(path for path in directory.glob("python3.*") if _PROGRAM.fullmatch(path.name))
    versions = {str(path): _version_of(path) for path in paths}
    return {version: path for path, version in versions.items() if _FULL_VERSION.fullmatch(version)}


def require_python_id(value: str) -> str:
    """`value`, if it is the id of a Python. Raises ReleaseError otherwise, for ids become paths that root writes."""
    if not _ID.fullmatch(value):
        raise ReleaseError(
            f"{value!r} is no id of a Python (<version>-<distribution>-<architecture>-<8 digits>). "
            "See those of a host: ls -1 <site root>/pythons"
        )
    return value


def is_staged(site: Site, *, python: str, sha256: str) -> bool:
    """Whether the Python of that id is there, whole. Raises ReleaseError if it is of another artifact.

    Releases run on it: it is never replaced.
    """
    record = site.python_records().get(python)
    if record is not None and record.get("sha256") != sha256:
        raise ReleaseError(
            f"{site.python(python)} is not of the artifact {sha256[:12]}, and releases on this host may run on it, so "
            'it is not replaced. Set release_python to an exact version, as "3.12.4": that has a place of its own.'
        )
    return record is not None


def stage_python(url: str, *, site: Site, python: str, sha256: str, sleep: Callable[[float], None]) -> None:
    """Download the Python's artifact and put it on this host, root's and readable by all, whole or not at all."""
    site.pythons.mkdir(exist_ok=True)
    site.pythons.chmod(0o755)
    partial = fetch(url, to=site.python(python), sha256=sha256, sleep=sleep)
    for folder, names, files in os.walk(partial):
        for path in [Path(folder), *(Path(folder, name) for name in (*names, *files))]:
            os.chown(path, 0, 0, follow_symlinks=False)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    record = {"id": python, "sha256": sha256}
    # Last: it says that the Python is whole.
    write_file(partial / PYTHON_RECORD, file=File(PYTHON_RECORD, text=record_text(record), mode=0o644), group=0)
    publish(partial, to=site.python(python))


def surplus(staged: Mapping[str, float], *, used: Collection[str], running: Collection[str], fresh: float) -> list[str]:
    """Which of the Pythons `staged` (id to age in seconds) go.

    Those stay that a kept release has `used`, that are `running`, or that are younger than `fresh` (another deploy may
    be about to stage a release for one).
    """
    return sorted(python for python, age in staged.items() if python not in {*used, *running} and age > fresh)


def _version_of(program: Path) -> str:
    command = [str(program), "-I", "-S", "-c", "import platform; print(platform.python_version())"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()
