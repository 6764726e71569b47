# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Builds a release: unpacks its source, runs the plan, packs the result. Runs on the build host, unprivileged."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .build_hint import hint
from .build_plan import REQUIREMENTS, Recipe, Step, Tools, build_plan
from .failure import ReleaseError
from .files import remove_tree, run_tar, sha256_of, tree_size
from .python_asked import FILES, require_python
from .requirements import require_packages

# Where Debian and Ubuntu keep the certificate authorities that the administrator trusts. uv and Node.js bring their
# own list and would not trust a registry mirror or a proxy that the system trusts.
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_SHOWN_LINES = 40
# A build inside another environment must not take that environment's packages for its own.
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Built:
    """The artifact. Sizes are bytes; `steps` are (name, seconds)."""

    sha256: str
    size: int
    unpacked_size: int
    steps: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Workplace:
    """Where a build happens: `directory` is made anew and removed, `cache` is kept for the next build."""

    directory: Path
    cache: Path


def build(
    *, archive: Path, source_directory: str, recipe: Recipe, tools: Tools, workplace: Workplace, output: Path
) -> Built:
    """Build the source in `archive` into the artifact `output`. Raises ReleaseError with the failed step's output.

    Only `source_directory`, a path inside the source, becomes the release.
    """
    remove_tree(workplace.directory)
    workplace.directory.mkdir(parents=True)
    try:
        application = unpack_source(archive, directory=workplace.directory, source_directory=source_directory)
        plan = build_plan(files=[entry.name for entry in application.iterdir()], recipe=recipe, tools=tools)
        environment = build_environment(os.environ, cache=workplace.cache, authorities=SYSTEM_AUTHORITIES)
        steps = [(step.name, take(step, directory=application, environment=environment)) for step in plan]
        clean(application)
        unpacked_size = tree_size(application)
        pack(application, output=output, moment=archive_time(archive))
    finally:
        remove_tree(workplace.directory)
    return Built(sha256=sha256_of(output), size=output.stat().st_size, unpacked_size=unpacked_size, steps=steps)


def unpack_source(archive: Path, *, directory: Path, source_directory: str) -> Path:
    """Unpack the tar `archive` and return the directory of the application in it."""
    source = directory / "source"
    source.mkdir()
    run_tar("--extract", f"--file={archive}", f"--directory={source}", "--no-same-owner", doing=f"unpack {archive}")
    application = (source / source_directory).resolve()
    if not application.is_dir() or not application.is_relative_to(source.resolve()):
        raise ReleaseError(
            f"The source has no directory {source_directory!r}. Set release_source_directory to the one with manage.py."
        )
    return application


def build_environment(base: Mapping[str, str], *, cache: Path, authorities: Path) -> dict[str, str]:
    """The environment of every step: `base` (for a proxy or a mirror), with all caches in `cache`."""
    environment = {name: value for name, value in base.items() if name not in _FOREIGN}
    if authorities.exists():
        # A setting of the administrator wins over the default.
        defaults = {"SSL_CERT_FILE": str(authorities), "NODE_EXTRA_CA_CERTS": str(authorities)}
        environment = {**defaults, **environment}
    return {
        **environment,
        "HOME": str(cache),
        "LC_ALL": "C.UTF-8",
        "UV_CACHE_DIR": str(cache / "uv"),
        "UV_TOOL_DIR": str(cache / "tools"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "npm_config_cache": str(cache / "npm"),
        # Bytecode that depends on the source's text alone: the artifact is the same in each build, and stays valid
        # when it is unpacked elsewhere.
        "PYC_INVALIDATION_MODE": "UNCHECKED_HASH",
    }


def take(step: Step, *, directory: Path, environment: Mapping[str, str]) -> float:
    """Run one step as `run_step` does, if what it installs is for the Python of the virtual environment."""
    if step.installs:
        ask = [".venv/bin/python", "-c", "import platform; print(platform.python_version())"]
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        python = subprocess.run(ask, cwd=directory, capture_output=True, text=True, check=True).stdout.strip()
        require_python(
            {name: (directory / name).read_text() for name in FILES if (directory / name).is_file()}, python=python
        )
        listed = (directory / step.installs).read_text(errors="replace")
        file = "The application's lock" if step.installs == REQUIREMENTS else step.installs
        require_packages(listed, file=file, python=python)
    return run_step(step, directory=directory, environment=environment)


def run_step(step: Step, *, directory: Path, environment: Mapping[str, str]) -> float:
    """Run one step in `directory` and return its seconds. Raises ReleaseError with its last lines if it fails."""
    started = time.monotonic()
    try:
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        done = subprocess.run(
            list(step.command),
            cwd=directory,
            env={**environment, **step.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if step.output else subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise ReleaseError(
            f"{step.name}: {step.command[0]} is not there. Let the role install the build tools: set release_builds to "
            "true for this host and run: ansible-playbook carpentries.amy.configure"
        ) from error
    if done.returncode not in step.accepted:
        said = (done.stderr if step.output else done.stdout).decode(errors="replace")
        raise ReleaseError(
            f"{step.name} failed with exit code {done.returncode}. Nothing was published. {hint(said)} The command: "
            f"{' '.join(step.command)}\nIts last lines:\n" + "\n".join(said.splitlines()[-_SHOWN_LINES:])
        )
    if step.output:
        (directory / step.output).write_bytes(done.stdout)
    return round(time.monotonic() - started, 1)


def clean(application: Path) -> None:
    """Remove what the build needed and the release does not."""
    (application / REQUIREMENTS).unlink(missing_ok=True)
    for cache in ("node_modules/.cache", ".git", ".ruff_cache", ".mypy_cache", ".pytest_cache"):
        remove_tree(application / cache)


def archive_time(archive: Path) -> int:
    """The time of a source archive: the commit's, which `git archive` gives to every member. Epoch seconds."""
    with tarfile.open(archive) as members:
        return max((int(member.mtime) for member in members), default=0)


def pack(application: Path, *, output: Path, moment: int) -> None:
    """Write `output`, the same bytes for the same tree: members sorted, owned by root, all of the time `moment`."""
    if shutil.which("zstd") is None:
        raise ReleaseError("The build host has no zstd: apt-get install zstd")
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(output.name + ".partial")
    run_tar(
        *("--create", f"--file={partial}", f"--directory={application}", "--use-compress-program=zstd -T0 -q"),
        *("--sort=name", f"--mtime=@{moment}", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"),
        *("--mode=u+rwX,go-w", "."),
        doing=f"write {output}",
    )
    partial.replace(output)
