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
from .build_plan import INSTALLED, LOCKS, REQUIREMENTS, Locked, Recipe, Step, Tools, build_plan
from .failure import ReleaseError
from .files import remove_tree, run_tar, sha256_of, tree_size
from .proof import bring_in, lacking, manage_commands, missing_programs, require_movable
from .python_asked import FILES, require_python
from .requirements import require_packages

# Where Debian and Ubuntu keep the certificate authorities that the administrator trusts. uv and Node.js bring their
# own list and would not trust a registry mirror or a proxy that the system trusts.
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# Where in the folder of a build its source is unpacked.
SOURCE = "source"
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
    """Where a build happens: `directory` is created for each build and removed, `cache` is kept for the next build."""

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
        source = (workplace.directory / SOURCE).resolve()
        bring_in(application, source=source)
        plan = build_plan(
            files=[entry.name for entry in application.iterdir()],
            recipe=recipe,
            tools=tools,
            locked=locked_in(application, source=source),
        )
        environment = build_environment(os.environ, cache=workplace.cache, authorities=SYSTEM_AUTHORITIES)
        steps = []
        for step in plan:
            steps.append((step.name, take(step, directory=application, environment=environment)))
            require_programs(step.proves, directory=application, environment={**environment, **recipe.environment})
        clean(application)
        require_movable(application, workplace=workplace.directory, cache=workplace.cache)
        unpacked_size = tree_size(application)
        pack(application, output=output, moment=archive_time(archive))
    finally:
        remove_tree(workplace.directory)
    return Built(sha256=sha256_of(output), size=output.stat().st_size, unpacked_size=unpacked_size, steps=steps)


def locked_in(application: Path, *, source: Path) -> Locked:
    """Where the packages of `application` are named: beside manage.py, or in the nearest folder above in `source`."""
    above = [folder for folder in application.parents if folder.is_relative_to(source)]
    for folder in (application, *above):
        files = [name for name in LOCKS if (folder / name).is_file()]
        if files:
            return Locked(files=files, path=str(application.relative_to(folder)))
    return Locked(files=[])


def unpack_source(archive: Path, *, directory: Path, source_directory: str) -> Path:
    """Unpack the tar `archive` and return the directory of the application in it."""
    source = directory / SOURCE
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
        # Links into the cache would lead nowhere on another host.
        "UV_LINK_MODE": "hardlink",
        # A question would wait for a person who does not see it.
        "GIT_TERMINAL_PROMPT": "0",
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
        # What is beside manage.py counts where a folder above has such a file, too.
        places = [directory / step.directory, directory]
        asking = {name: place / name for place in places for name in FILES if (place / name).is_file()}
        require_python({name: path.read_text() for name, path in asking.items()}, python=python)
        from_lock = step.installs == REQUIREMENTS
        listed = (directory / ("." if from_lock else step.directory) / step.installs).read_text(errors="replace")
        require_packages(listed, file="The application's lock" if from_lock else step.installs, python=python)
    return run_step(step, directory=directory, environment=environment)


def require_programs(commands: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> None:
    """Raises ReleaseError unless the release in `directory` has the programs of `commands`.

    Of manage.py it must know the command; where its settings do not let it say so, a later step will tell why.
    """
    for program in missing_programs(commands, application=directory):
        raise lacking(program)
    for name in manage_commands(commands):
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        asked = subprocess.run(
            [".venv/bin/python", "manage.py", "help", name],
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if f"Unknown command: '{name}'" in asked.stderr and "No Django settings specified" not in asked.stderr:
            raise lacking(f"manage.py {name}")


def run_step(step: Step, *, directory: Path, environment: Mapping[str, str]) -> float:
    """Run one step in `directory` and return its seconds. Raises ReleaseError with its last lines if it fails."""
    started = time.monotonic()
    try:
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        done = subprocess.run(
            list(step.command),
            cwd=directory / step.directory,
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
    for listed in (REQUIREMENTS, INSTALLED):
        (application / listed).unlink(missing_ok=True)
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
