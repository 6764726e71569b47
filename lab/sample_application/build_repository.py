# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate a sample application's git repository from its `source/` and `patches/`.

Author, dates and git's configuration are fixed, so the same files give the same commit ids on every machine:
a release id seen in one run can be looked up in the next.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Sample",
    "GIT_AUTHOR_EMAIL": "sample@amy.carpentries.test",
    "GIT_COMMITTER_NAME": "Sample",
    "GIT_COMMITTER_EMAIL": "sample@amy.carpentries.test",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
    "PATH": os.environ.get("PATH", os.defpath),
}
FIRST_COMMIT = 1_735_689_600  # 2025-01-01T00:00:00Z, in seconds since the epoch
DAY = 86_400  # seconds


@dataclass(frozen=True, kw_only=True)
class Release:
    """A tagged release: `source/` itself when it has no parent, else `patches/<tag>.patch` on its parent."""

    tag: str
    parent: str | None
    summary: str


@dataclass(frozen=True, kw_only=True)
class Application:
    """A sample application: `folder` has its `source/` and `patches/`; the branch `main` is at `main_release`."""

    folder: Path
    releases: tuple[Release, ...]
    main_release: str

    @property
    def source(self) -> Path:
        """The tree of its first release."""
        return self.folder / "source"

    @property
    def patches(self) -> Path:
        """What makes the other releases of it."""
        return self.folder / "patches"


MARKER = "generated-sample-application"  # a file that marks a repository as ours


class RepositoryError(Exception):
    """The repository could not be generated; the message says what failed."""


def build_repository(*, application: Application, destination: Path) -> dict[str, str]:
    """Make `destination` the bare repository of all releases of `application`; return the commit id of each tag.

    An up-to-date repository is left untouched. Raises RepositoryError when git fails (a patch that no longer
    applies, for one) or when `destination` holds something else than a repository that this function wrote.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".repository-") as scratch:
        fresh = Path(scratch) / "repository.git"
        releases = _generate(application=application, repository=fresh, tree=Path(scratch) / "tree")
        if destination.exists():
            if not (destination / MARKER).is_file():
                raise RepositoryError(f"{destination} exists and was not generated from here: name another folder.")
            if _tags(destination) == releases:
                return releases
            shutil.rmtree(destination)
        fresh.rename(destination)
    return releases


def _generate(*, application: Application, repository: Path, tree: Path) -> dict[str, str]:
    """Write every release into the new bare `repository`, using `tree` as the working tree."""
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(repository))
    for key, value in {"core.fileMode": "false", "core.autocrlf": "false", "gc.auto": "0"}.items():
        _git("config", key, value, repository=repository)
    (repository / MARKER).touch()
    commits: dict[str, str] = {}
    for day, release in enumerate(application.releases):
        if release.parent is None:
            shutil.copytree(application.source, tree)
        else:
            _git("read-tree", "-u", "--reset", commits[release.parent], repository=repository, tree=tree)
            patch = application.patches / f"{release.tag}.patch"
            _git("apply", "--whitespace=error", str(patch), repository=repository, tree=tree)
        parent = commits[release.parent] if release.parent else None
        commits[release.tag] = _commit(
            repository=repository, tree=tree, parent=parent, summary=release.summary, date=FIRST_COMMIT + day * DAY
        )
        _git("update-ref", f"refs/tags/{release.tag}", commits[release.tag], repository=repository)
    _git("update-ref", "refs/heads/main", commits[application.main_release], repository=repository)
    return commits


def _commit(*, repository: Path, tree: Path, parent: str | None, summary: str, date: int) -> str:
    """Commit the whole working tree as a child of `parent`; return the commit id."""
    _git("add", "--all", repository=repository, tree=tree)
    tree_id = _git("write-tree", repository=repository, tree=tree)
    ancestry = ("-p", parent) if parent else ()
    return _git("commit-tree", tree_id, *ancestry, "-m", summary, repository=repository, date=date)


def _tags(repository: Path) -> dict[str, str]:
    """Return the commit id of each tag in `repository`."""
    lines = _git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags", repository=repository)
    return dict(line.split(" ", maxsplit=1) for line in lines.splitlines())


def _git(*arguments: str, repository: Path | None = None, tree: Path | None = None, date: int = FIRST_COMMIT) -> str:
    """Run git free of the user's configuration and return its output; `date` is in seconds since the epoch."""
    environment = ENVIRONMENT | {"GIT_AUTHOR_DATE": f"{date} +0000", "GIT_COMMITTER_DATE": f"{date} +0000"}
    if repository:
        environment["GIT_DIR"] = str(repository)
    if tree:
        environment["GIT_WORK_TREE"] = str(tree)
    try:
        done = subprocess.run(
            ["git", *arguments], env=environment, cwd=tree, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise RepositoryError("git is not installed: install the package git and try again.") from error
    if done.returncode:
        raise RepositoryError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()
