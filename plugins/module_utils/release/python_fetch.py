# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes an artifact of a standalone Python: uv downloads and verifies it, for the path where hosts will have it.

Runs on the build host, unprivileged. uv knows the versions, platforms and checksums of python-build-standalone; an
archive of one's own is given to it as such a table with one line.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .build_plan import Step
from .build_run import SYSTEM_AUTHORITIES, Built, Workplace, build_environment, pack, run_step
from .failure import ReleaseError
from .files import regular_files, remove_tree, sha256_of, tree_size
from .python_asked import candidates

# 1980, before which some tools know no time: the same archive gives the same artifact.
_MOMENT = 315_532_800
_DOWNLOADS = "downloads.json"


@dataclass(frozen=True)
class Archive:
    """An archive in the layout of python-build-standalone's `install_only`: one folder, `python/`.

    `url` may be https, http or file, as the build host reaches it; `sha256` is hexadecimal.
    """

    url: str
    sha256: str


@dataclass(frozen=True)
class Wanted:
    """A Python for `machine` ("x86_64") that hosts will have at `path`.

    It comes from the `archive`, or else from its makers, or from their `mirror` (a URL; empty for none).
    """

    version: str
    machine: str
    path: Path
    archive: Archive | None = None
    mirror: str = ""


def fetch(wanted: Wanted, *, uv: str, workplace: Workplace, output: Path) -> Built:
    """Download the Python and pack it into the artifact `output`. Raises ReleaseError with what uv says."""
    downloads = own_downloads(wanted)
    remove_tree(workplace.directory)
    workplace.directory.mkdir(parents=True)
    try:
        if downloads:
            (workplace.directory / _DOWNLOADS).write_text(json.dumps(downloads))
        seconds = _install(wanted, uv=uv, workplace=workplace)
        tree = _installed(workplace.directory)
        _require_version(tree, wanted=wanted)
        relocate(tree, to=wanted.path)
        # The same bytes in each run: sets in one order, and no bytecode but what is compiled here.
        environment = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        compiling = run_step(_compile_step(tree), directory=workplace.directory, environment=environment)
        unpacked_size = tree_size(tree)
        pack(tree, output=output, moment=_MOMENT)
    finally:
        remove_tree(workplace.directory)
    steps = [("Download Python", seconds), ("Compile its library", compiling)]
    return Built(sha256=sha256_of(output), size=output.stat().st_size, unpacked_size=unpacked_size, steps=steps)


def own_downloads(wanted: Wanted) -> dict[str, dict[str, Any]]:
    """The table of downloads, in uv's format, that has the `archive` and nothing else; empty without one.

    Raises ReleaseError if the version is not exact: only its maker knows which correction an archive is.
    """
    if wanted.archive is None:
        return {}
    if candidates(wanted.version) != [wanted.version]:
        raise ReleaseError(
            "release_python_archives names an archive for this host, so release_python must be its exact version, as "
            f'"{wanted.version}.0"; it is "{wanted.version}".'
        )
    major, minor, patch = map(int, wanted.version.split("."))
    return {
        f"cpython-{wanted.version}-linux-{wanted.machine}-gnu": {
            "name": "cpython",
            "arch": {"family": wanted.machine, "variant": None},
            "os": "linux",
            "libc": "gnu",
            "major": major,
            "minor": minor,
            "patch": patch,
            "prerelease": "",
            "url": wanted.archive.url,
            "sha256": wanted.archive.sha256,
            "variant": None,
            "build": None,
        }
    }


def install_step(wanted: Wanted, *, uv: str, directory: Path) -> Step:
    """The command that downloads, verifies and unpacks it below `directory`."""
    # What else a build does may never download a Python: this one place asks for one.
    environment = {"UV_PYTHON_DOWNLOADS": "manual", "UV_NO_CONFIG": "1"}
    if wanted.archive is not None:
        source = ["--python-downloads-json-url", (directory / _DOWNLOADS).as_uri()]
    else:
        source = ["--mirror", wanted.mirror] if wanted.mirror else []
    command = [uv, "python", "install", "--no-bin", "--install-dir", str(directory / "installed"), *source]
    return Step(f"Download Python {wanted.version}", [*command, f"cpython-{wanted.version}"], environment=environment)


def relocate(tree: Path, *, to: Path) -> None:
    """Let the files of `tree` that name their place, as uv makes some, name `to`: builds of extensions read them."""
    here, there = os.fsencode(tree), os.fsencode(to)
    for path in regular_files(tree):
        content = path.read_bytes()
        if here in content and b"\0" not in content:
            path.write_bytes(content.replace(here, there))


def _install(wanted: Wanted, *, uv: str, workplace: Workplace) -> float:
    # Archives that uv keeps are not downloaded again after a checksum has failed; the bucket keeps what is good.
    base = {name: value for name, value in os.environ.items() if name != "UV_PYTHON_CACHE_DIR"}
    environment = build_environment(base, cache=workplace.cache, authorities=SYSTEM_AUTHORITIES)
    step = install_step(wanted, uv=uv, directory=workplace.directory)
    try:
        return run_step(step, directory=workplace.directory, environment=environment)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\nThe distribution has no Python {wanted.version}, so a standalone build is asked for. Where this "
            "host does not reach its makers, or they do not build that version, docs/guides/python.md has the ways: a "
            "mirror (release_python_mirror), an archive of your own (release_python_archives)."
        ) from error


def _installed(directory: Path) -> Path:
    trees = [entry for entry in (directory / "installed").glob("cpython-*") if not entry.is_symlink()]
    if len(trees) != 1:
        raise ReleaseError(f"uv has installed {len(trees)} Pythons, and one was asked for: {sorted(trees)}")
    return trees[0]


def _require_version(tree: Path, *, wanted: Wanted) -> None:
    command = [str(tree / "bin/python3"), "-I", "-B", "-c", "import platform; print(platform.python_version())"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        version, reason = said.stdout.strip(), said.stderr.strip()
    except OSError as error:
        version, reason = "", str(error)
    if version not in candidates(wanted.version):
        raise ReleaseError(
            f"The archive of Python {wanted.version} holds {version or f'none that runs here ({reason})'}. It must be "
            "built for this distribution's C library or an older one; see docs/guides/python.md."
        )


def _compile_step(tree: Path) -> Step:
    # It belongs to root on the hosts, so that processes could never save what they compile at each start.
    # 1: some files are no valid Python on purpose.
    return Step(
        "Compile the library",
        [
            *(str(tree / "bin/python3"), "-m", "compileall", "-q", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash", str(_library(tree))),
        ],
        accepted=(0, 1),
    )


def _library(tree: Path) -> Path:
    return next(path for path in sorted((tree / "lib").glob("python3.*")) if path.is_dir())
