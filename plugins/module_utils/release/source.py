# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From "this version of that repository" to one commit and its source archive. Runs on the controller, with git.

Nothing is ever checked out: a bare clone is fetched into, and `git archive` writes the commit's files, always the
same bytes for the same commit.
"""

from __future__ import annotations

import difflib
import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .failure import ReleaseError

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

    def refresh(self) -> None:
        """Make every branch and tag what it is in the repository now. Raises ReleaseError if it cannot be read."""
        if not (self._directory / "HEAD").exists():
            self._git("init", "--quiet", "--bare", str(self._directory), inside=False)
        self._git(
            *("fetch", "--quiet", "--prune", "--force", "--no-write-fetch-head", "--", self._repository),
            *("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
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

    def _git(self, *arguments: str, inside: bool = True) -> str:
        done = self._run(*arguments, inside=inside)
        if done.returncode != 0:
            raise ReleaseError(explained(self._repository, command=arguments[0], said=done.stderr))
        return done.stdout

    def _run(self, *arguments: str, inside: bool = True) -> subprocess.CompletedProcess[str]:
        where = [f"--git-dir={self._directory}"] if inside else []
        # A prompt would wait for a person who does not see it.
        quiet = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
        }
        try:
            # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
            return subprocess.run(
                ["git", *where, *arguments],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=_GIT_TIMEOUT,
                env={**os.environ, **quiet, "LC_ALL": "C"},
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
    return [*named, version] if _COMMIT.fullmatch(version) else named
