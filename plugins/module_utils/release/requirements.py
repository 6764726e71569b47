# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a list of packages has what an application needs on a Python. Decides, never acts.

A tool that exports a lock gives every package the Python that the lock is for, as a marker. On another one nothing, or
not all, would be installed, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .failure import ReleaseError
from .python_asked import MINORS, candidates

try:
    from packaging.markers import default_environment
    from packaging.requirements import InvalidRequirement, Requirement
except ImportError:  # the role installs it where something is built
    Requirement = None  # type: ignore[assignment, misc]

# A Django application does not serve without them, if it names them. Other packages may well be for some Pythons only:
# for what a newer one has by itself, or no longer has.
_NEEDED = ("django", "gunicorn")
# An option of a line (a hash), or a comment.
_REST = re.compile(r"\s+--[a-z].*$|(?:^|\s+)#.*$")


def require_packages(text: str, *, file: str, python: str) -> None:
    """Raises ReleaseError if the packages that `text` (of `file`, in pip's format) names are not for `python`.

    They are not if none of them is, or Django or gunicorn is not. `python` is a full version.
    """
    requirements = list(_requirements(text))
    applying = [each for each in requirements if _applies(each, python=python)]
    missing = {_name(each) for each in requirements} - {_name(each) for each in applying}
    needed = [name for name in _NEEDED if name in missing]
    if not needed and (applying or not requirements):
        return
    example = next(each for each in requirements if not needed or _name(each) in needed)
    fitting = [minor for minor in MINORS if _applies(example, python=candidates(minor)[-1])]
    advice = f"Set release_python to one of {', '.join(fitting)}" if fitting else "Make the lock for this machine"
    raise ReleaseError(
        f"{file} leaves out {' and '.join(needed) or 'all packages'} on Python {python}: it says {example}. "
        f"Nothing was published. {advice} (docs/guides/python.md), and run the same command again."
    )


def _requirements(text: str) -> Iterator[Requirement]:
    if Requirement is None:
        return
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        try:
            yield Requirement(_REST.sub("", line).strip())
        except InvalidRequirement:  # an option, a path, a URL without a name, nothing
            continue


def _applies(requirement: Requirement, *, python: str) -> bool:
    if requirement.marker is None:
        return True
    environment = {name: str(value) for name, value in default_environment().items()}
    versions = {"python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    # Releases of packaging before 22 do not know that an extra may be absent.
    told = {**environment, **versions, "implementation_version": python, "extra": ""}
    return bool(requirement.marker.evaluate(told))


def _name(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()
