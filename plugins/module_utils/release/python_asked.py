# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Python a source asks for, and whether a version fits. Decides, never acts.

What cannot be read asks for nothing: the build's own tools judge it later, with a message of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .failure import ReleaseError

try:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
except ImportError:  # ansible-core needs it on the controller, the role installs it where something is built
    SpecifierSet = None  # type: ignore[assignment, misc]
try:
    import tomllib
except ImportError:  # before Python 3.11, which every controller has
    tomllib = None  # type: ignore[assignment]

PYPROJECT, UV_LOCK, POETRY_LOCK, PIPFILE_LOCK = "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile.lock"
FILES = (PYPROJECT, UV_LOCK, POETRY_LOCK, PIPFILE_LOCK)
# What an operator is offered: the minor versions of Python that there are.
MINORS = tuple(f"3.{minor}" for minor in range(8, 16))
# More corrections than a minor version ever gets.
_PATCHES = range(60)
_PLACES: Mapping[str, Sequence[Sequence[str]]] = {
    PYPROJECT: [("project", "requires-python"), ("tool", "poetry", "dependencies", "python")],
    UV_LOCK: [("requires-python",)],
    POETRY_LOCK: [("metadata", "python-versions")],
    PIPFILE_LOCK: [("_meta", "requires", "python_full_version"), ("_meta", "requires", "python_version")],
}
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_STATED = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}")
_CLAUSE = re.compile(r"(\^|~(?!=)|~=|[<>!=]=?=?)?\s*(\d+(?:\.\d+)*(?:\.\*|[a-z]+\d*)?|\*)")


@dataclass(frozen=True)
class Asked:
    """What `file` asks for: `text` as it stands there, and the sets of versions of which one must fit."""

    file: str
    text: str
    alternatives: Sequence[SpecifierSet]

    def takes(self, version: str) -> bool:
        """Whether `version` ("3.12.4"; of "3.12" any correction) fits."""
        wanted = candidates(version)
        return any(choice.contains(each, prereleases=True) for choice in self.alternatives for each in wanted)


@dataclass(frozen=True)
class Verdict:
    """Whether `version` fits; if not, what `file` asks for (`text`) and the minor versions that would (`fitting`)."""

    version: str
    fits: bool
    file: str = ""
    text: str = ""
    fitting: tuple[str, ...] = ()


def stated_version(pyproject: str) -> str:
    """The version that the text of a pyproject.toml gives the project; empty if it gives none, or cannot be read."""
    try:
        read = tomllib.loads(pyproject)
    except ValueError:
        return ""
    for place in (("project", "version"), ("tool", "poetry", "version")):
        found: Any = read
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        # It is shown, and looked for in pages.
        if isinstance(found, str) and _STATED.fullmatch(found):
            return found
    return ""


def judge(files: Mapping[str, str], *, python: str) -> Verdict:
    """Whether `python` ("3.12" or "3.12.4") is what the source asks for. `files` has the texts of FILES, as far as
    they are there. Raises ReleaseError if `python` is no version.
    """
    candidates(python)
    asked = list(all_asked(files))
    refusing = next((each for each in asked if not each.takes(python)), None)
    if refusing is None:
        return Verdict(version=python, fits=True)
    fitting = tuple(minor for minor in MINORS if all(each.takes(minor) for each in asked))
    return Verdict(version=python, fits=False, file=refusing.file, text=refusing.text, fitting=fitting)


def require_python(files: Mapping[str, str], *, python: str) -> None:
    """Raises ReleaseError if `python`, the full version with which a release is built, is not what the source asks for.

    Whether "3.13" may fit is known before anything is built; whether this host's 3.13.2 does, only then.
    """
    if not _VERSION.fullmatch(python):  # one that is not released yet
        return
    verdict = judge(files, python=python)
    if not verdict.fits:
        raise ReleaseError(
            f"The source asks for Python {verdict.text} ({verdict.file}), and this host builds with {python}. Nothing "
            'was published. Set release_python to an exact version that fits, as "3.13.5" (docs/guides/python.md).'
        )


def refusal(verdict: Verdict, *, ref: str, stage: str) -> str:
    """What an operator is told of a Python of the stage that does not fit; empty if it fits."""
    if verdict.fits:
        return ""
    said = (
        f"{ref} asks for Python {verdict.text} ({verdict.file}), and release_python of stage {stage} is "
        f"{verdict.version}. Nothing has been touched. "
    )
    if not verdict.fitting:
        return f"{said}No Python 3 is what all files of the source ask for; correct them in its repository."
    return (
        f"{said}{remedy(verdict, stage=stage)}, and run the same command again: make deploy STAGE={stage} VERSION={ref}"
    )


def remedy(verdict: Verdict, *, stage: str) -> str:
    """What makes the Python of the stage fit, where there is one that does; without a full stop."""
    lowest, *others = verdict.fitting
    more = f" (or {', '.join(others)})" if others else ""
    file = f"inventories/{stage}/group_vars/all/release.yml"
    return f'Set release_python: "{lowest}"{more} in {file} (docs/guides/python.md)'


def candidates(version: str) -> list[str]:
    """The versions that `version` may mean: itself, or all corrections of a minor version. Raises ReleaseError."""
    found = _VERSION.fullmatch(version)
    if not found:
        raise ReleaseError(
            f'release_python must be a version of Python, as "3.12" or "3.12.4", and it is "{version}". '
            "Quote it in the inventory: without quotes YAML reads 3.10 as 3.1."
        )
    return [version] if found.group(3) else [f"{version}.{patch}" for patch in _PATCHES]


def all_asked(files: Mapping[str, str]) -> Iterator[Asked]:
    """What each of `files` asks for, in the order of FILES."""
    for file in FILES:
        for text in _texts(file, text=files.get(file, "")):
            alternatives = parsed(text)
            if alternatives:
                yield Asked(file=file, text=text, alternatives=alternatives)


def parsed(text: str) -> list[SpecifierSet]:
    """The alternatives of a constraint in the syntax of PEP 440 or of Poetry; none if it cannot be read.

    Poetry's: https://python-poetry.org/docs/dependency-specification/
    """
    if SpecifierSet is None:
        return []
    try:
        return [SpecifierSet(",".join(_clauses(part))) for part in re.split(r"\|\|?", text)]
    except (InvalidSpecifier, ValueError):
        return []


def _clauses(text: str) -> Iterator[str]:
    rest = text.replace(",", " ").strip()
    while rest:
        found = _CLAUSE.match(rest)
        if not found:
            raise ValueError(text)
        yield from _as_pep440(found.group(1) or "", found.group(2))
        rest = rest[found.end() :].strip()


def _as_pep440(operator: str, version: str) -> Iterator[str]:
    if version == "*":
        return
    if operator in ("^", "~"):
        numbers = [int(number) for number in version.split(".")]
        # A caret keeps the first number that is not 0, a tilde the minor one if there is any.
        fixed = 0 if len(numbers) == 1 or (operator == "^" and numbers[0]) else 1
        yield from (f">={version}", f"<{'.'.join(map(str, [*numbers[:fixed], numbers[fixed] + 1]))}")
    elif operator:
        yield f"{operator}{version}"
    else:
        # A bare "3.11" means 3.11.0 to Poetry and 3.11.* to who wrote it.
        yield f"=={version}" if version.endswith(".*") or version.count(".") > 1 else f"=={version}.*"


def _texts(file: str, *, text: str) -> Iterator[str]:
    try:
        document = json.loads(text or "{}") if file == PIPFILE_LOCK else _toml(text)
    except ValueError:  # both decoders' errors are this
        return
    for path in _PLACES[file]:
        value = _at(document, path)
        if isinstance(value, str) and value.strip():
            yield value.strip()


def _toml(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text) if tomllib else {}


def _at(document: Any, path: Sequence[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document
