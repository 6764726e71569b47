# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was built runs elsewhere: its links, and the programs that the stage is to run."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from .failure import ReleaseError

_NAMED = 5


def bring_in(application: Path, *, source: Path) -> None:
    """Replace links of `application` that lead elsewhere in `source` by what they lead to; a release has no more.

    Raises ReleaseError if one leads to a folder that holds the application itself.
    """
    for link in list(_links(application)):
        target = link.resolve()
        if not target.exists() or target.is_relative_to(application) or not target.is_relative_to(source):
            continue
        if application.is_relative_to(target):
            raise ReleaseError(
                f"The source has the link {link.relative_to(source)}, which leads to a folder that holds it. "
                "Remove it, or set release_source_directory to a folder that holds both."
            )
        link.unlink()
        if target.is_dir():
            shutil.copytree(target, link)
        else:
            shutil.copy2(target, link)


def require_movable(application: Path, *, workplace: Path, cache: Path) -> None:
    """Raises ReleaseError if `application` leads to a folder of the build: `workplace`, itself, or `cache`.

    They are not there when the release runs: links by a full path, and the files with which packages name folders.
    """
    places = [str(path) for place in (workplace, cache) for path in (place, place.resolve())]
    found = sorted({*_leaving_links(application, places=places), *_path_files(application, places=places)})
    if found:
        more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
        raise ReleaseError(
            "What was built leads to the folder of the build, which is gone when it runs: "
            f"{', '.join([*found[:_NAMED], *more])}. Nothing was published. Install the package as a copy: not as an "
            "editable one, and not by a link."
        )


def missing_programs(commands: Sequence[str], *, application: Path) -> list[str]:
    """The programs of `commands` that neither the environment of `application` nor this host has."""
    programs = [shlex.split(command)[0] for command in commands if command.strip()]
    inside = application / ".venv/bin"
    return [
        program
        for program in dict.fromkeys(programs)
        # One with a folder is run from where manage.py is.
        if not os.access((application if "/" in program else inside) / program, os.X_OK)
        and shutil.which(program) is None
    ]


def manage_commands(commands: Sequence[str]) -> list[str]:
    """The commands of manage.py that are among `commands`, as `rqworker` of `python manage.py rqworker`."""
    return [name for command in commands for name in _after(shlex.split(command), ["python", "manage.py"])[:1]]


def lacking(program: str) -> ReleaseError:
    """The error about a `program`, or a command of manage.py, that the stage runs and the release does not have."""
    return ReleaseError(
        f"The stage runs {program}, and the packages of the application do not have it. Nothing was published, and no "
        "host was touched. Add the package to the application's own; or, with its exact version, to "
        "release_extra_requirements in the stage's group_vars/all/release.yml. Then run the same command again."
    )


def _links(folder: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(folder):
        yield from (path for path in (Path(parent, name) for name in (*names, *files)) if path.is_symlink())


def _leaving_links(application: Path, *, places: Sequence[str]) -> Iterator[str]:
    for link in _links(application):
        written = link.readlink()
        target = Path(os.path.normpath(link.parent / written))
        # A relative link moves with the release, as long as it stays in it.
        stays = not written.is_absolute() and target.is_relative_to(application)
        if _leads(target, places) and not stays and (written.is_absolute() or target.exists()):
            yield str(link.relative_to(application))


def _after(words: Sequence[str], beginning: Sequence[str]) -> Sequence[str]:
    return words[len(beginning) :] if list(words[: len(beginning)]) == list(beginning) else []


def _path_files(application: Path, *, places: Sequence[str]) -> Iterator[str]:
    # https://docs.python.org/3/library/site.html; setuptools' finders of editable packages; scripts' interpreters.
    environment = application / ".venv"
    for pattern in ("*.pth", "*.egg-link", "__editable__*.py"):
        for file in environment.rglob(pattern):
            if any(place in file.read_text(errors="replace") for place in places):
                yield str(file.relative_to(application))
    for script in (environment / "bin").glob("*"):
        if script.is_file() and not script.is_symlink():
            with script.open("rb") as stream:
                first = stream.readline(4096).decode(errors="replace")
            if first.startswith("#!") and any(place in first for place in places):
                yield str(script.relative_to(application))


def _leads(target: Path, places: Sequence[str]) -> bool:
    return any(target.is_relative_to(place) for place in places)
