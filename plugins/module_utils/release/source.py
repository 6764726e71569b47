# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From "this version of that repository" to one commit and its source archive. Runs on the controller, with git.

Nothing is ever checked out: a bare clone is fetched into, and `git archive` writes the commit's files, always the
same bytes for the same commit. Of the operator's own settings of git only those count that lead to the repository.
"""

from __future__ import annotations

import difflib
import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import git_settings
from .failure import ReleaseError
from .left_out import LFS, LFS_MARK, Gap, entries, may_point, points, submodules

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# Seconds: a first clone of a large repository over a slow line.
_GIT_TIMEOUT = 900
_SHOWN_TAGS = 5


@dataclass(frozen=True)
class Source:
    """One commit. `commit_date` is ISO 8601 with the committer's offset; `commit_time` the same in epoch seconds."""

    ref: str
    commit: str
    commit_date: str
    commit_time: int
    subject: str


class Clone:
    """A bare clone of `repository` (a URL or a path) at `directory`, made and refreshed on demand."""

    def __init__(self, *, repository: str, directory: Path) -> None:
        self._repository = repository
        self._directory = directory
        self._settings = directory / "settings"

    def refresh(self) -> None:
        """Make every branch and tag what it is in the repository now. Raises ReleaseError if it cannot be read."""
        if not (self._directory / "HEAD").exists():
            self._git("init", "--quiet", "--bare", "--template=", str(self._directory), inside=False)
        self._settings.write_text(git_settings.SETTINGS)
        (self._directory / "info").mkdir(exist_ok=True)
        (self._directory / "info/attributes").write_text(git_settings.ATTRIBUTES)
        reaching = git_settings.reach(self._git("config", "--list", "--null", environment=self._operators()))
        self._git(
            *("fetch", "--quiet", "--prune", "--force", "--no-write-fetch-head", "--", self._repository),
            *("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
            environment=git_settings.environment(os.environ, settings=str(self._settings), reaching=reaching),
        )

    def resolve(self, version: str) -> Source:
        """The commit that `version` means: a tag, else a branch, else a commit id of at least 7 digits.

        Raises ReleaseError, naming the closest tags, if it means none.
        """
        for candidate in _candidates(version):
            commit = self._commit_of(candidate)
            if commit:
                return self._describe(ref=version, commit=commit)
        tags = self._lines("for-each-ref", "--sort=-creatordate", "--format=%(refname:strip=2)", "refs/tags")
        raise ReleaseError(
            f"{redacted(self._repository)} has no tag, branch or commit {version!r}. {closest(version, tags)} "
            f"See all tags: git ls-remote --tags {redacted(self._repository)}"
        )

    def has_tag(self, name: str) -> bool:
        """Whether there is a tag of that name."""
        return bool(self._commit_of(f"refs/tags/{name}"))

    def read(self, commit: str, path: str) -> str | None:
        """The text of a file of `commit`; None if it has none of that path."""
        found = self._run("show", f"{commit}:{path}")
        return found.stdout if found.returncode == 0 else None

    def gaps(self, commit: str) -> list[Gap]:
        """What an archive of `commit` lacks, in the order of the tree, submodules first."""
        tree = entries(self._git("ls-tree", "-r", "-z", "--long", "--full-tree", commit))
        marked = self._run(
            "grep", "--files-with-matches", "--null", "--text", "--fixed-strings", "-e", LFS_MARK, commit
        )
        found = {name[len(f"{commit}:") :] for name in marked.stdout.split("\0") if name} & may_point(tree)
        pointers = [entry.path for entry in tree if entry.path in found and points(self.read(commit, entry.path))]
        return [*submodules(tree), *(Gap(path=path, kind=LFS) for path in pointers)]

    def archive(self, commit: str, *, to: Path) -> None:
        """Write the files of `commit` to the tar archive `to`, whole or not at all."""
        partial = to.with_name(to.name + ".partial")
        self._git("archive", "--format=tar", f"--output={partial}", commit)
        partial.replace(to)

    def _commit_of(self, candidate: str) -> str:
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        return found.stdout.strip() if found.returncode == 0 else ""

    def _describe(self, *, ref: str, commit: str) -> Source:
        # A subject may have what Python, not git, takes for the end of a line.
        date, seconds, subject = self._git("show", "--no-patch", "--format=%cI%n%ct%n%s", commit).split("\n")[:3]
        return Source(ref=ref, commit=commit, commit_date=date, commit_time=int(seconds), subject=subject)

    def _lines(self, *arguments: str) -> list[str]:
        return self._git(*arguments).splitlines()

    def _operators(self) -> dict[str, str]:
        # Of a program that git has started, as a hook is, its own repository.
        foreign = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_NAMESPACE")
        return {**{name: value for name, value in os.environ.items() if name not in foreign}, "LC_ALL": "C"}

    def _git(self, *arguments: str, inside: bool = True, environment: Mapping[str, str] | None = None) -> str:
        done = self._run(*arguments, inside=inside, environment=environment)
        if done.returncode != 0:
            raise ReleaseError(explained(self._repository, command=arguments[0], said=done.stderr))
        return done.stdout

    def _run(
        self, *arguments: str, inside: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        where = [f"--git-dir={self._directory}"] if inside else []
        try:
            # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
            return subprocess.run(
                ["git", *where, *arguments],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=_GIT_TIMEOUT,
                env=environment or git_settings.environment(os.environ, settings=str(self._settings)),
            )
        except FileNotFoundError as error:
            raise ReleaseError("The controller has no git, which reads the repository: apt-get install git") from error
        except subprocess.TimeoutExpired as error:
            raise ReleaseError(
                f"{redacted(self._repository)} gave no answer within {_GIT_TIMEOUT} s. "
                f"Try it by hand: git ls-remote {redacted(self._repository)}"
            ) from error


def clone_directory(*, cache: Path, repository: str) -> Path:
    """Where in `cache` the clone of `repository` lives: one for each repository, whatever its URL looks like."""
    return cache / f"{hashlib.sha256(repository.encode()).hexdigest()[:16]}.git"


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Keep others out of `cache` meanwhile: two deploys from one controller must not fetch into each other."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def redacted(repository: str) -> str:
    """`repository` without the user and password that a URL may carry."""
    return re.sub(r"(?<=://)[^/@]*@", "", repository)


def closest(version: str, tags: Sequence[str]) -> str:
    """A sentence that names the tags most like `version`, or else the first of `tags` (the newest first)."""
    if not tags:
        return "It has no tags."
    similar = difflib.get_close_matches(version, tags, n=_SHOWN_TAGS, cutoff=0.5)
    if similar:
        return f"The closest tags: {', '.join(similar)}."
    return f"The newest tags: {', '.join(tags[:_SHOWN_TAGS])}."


def explained(repository: str, *, command: str, said: str) -> str:
    """A message for a git `command` that failed: what git `said`, without secrets, and how to see it again."""
    lines = [redacted(line).strip().rstrip(".") for line in said.splitlines() if line.strip()]
    reason = "; ".join(lines) or "git gave no reason"
    return (
        f"git {command} of {redacted(repository)} failed: {reason}. "
        f"Try it by hand on the controller: git ls-remote {redacted(repository)}"
    )


def _candidates(version: str) -> list[str]:
    named = [f"refs/tags/{version}", f"refs/heads/{version}"]
    # git writes commits in small letters.
    return [*named, version.lower()] if _COMMIT.fullmatch(version.lower()) else named
