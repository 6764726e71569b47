# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.files import sha256_of
from plugins.module_utils.release.source import Clone, clone_directory, closest, explained, locked, redacted

WHO = {
    **{f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "2026-01-31T12:00:00+00:00" for who in ("AUTHOR", "COMMITTER")},
}


def git(repository: Path, *arguments: str) -> str:
    """Run git in REPOSITORY and return what it says."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **WHO}).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    for version in ("v1", "v2"):
        (path / "manage.py").write_text(version)
        git(path, "add", ".")
        git(path, "commit", "--quiet", "-m", f"Make {version}")
        git(path, "tag", "-a", version, "-m", version)
    return path


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Clone:
    result = Clone(repository=str(repository), directory=tmp_path / "clone.git")
    result.refresh()
    return result


def test_tag_branch_and_commit_are_resolved(clone: Clone, repository: Path) -> None:
    first, second = git(repository, "rev-parse", "v1^{commit}"), git(repository, "rev-parse", "main")
    assert clone.resolve("v1").commit == first
    assert clone.resolve("main").commit == second
    assert clone.resolve(first[:9]).commit == first
    source = clone.resolve("v2")
    assert (source.ref, source.subject) == ("v2", "Make v2")
    # Some versions of git write UTC as +00:00, others as Z.
    assert datetime.fromisoformat(source.commit_date) == datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("message", "subject"),
    [(b"One\x0ctwo", "One\x0ctwo"), ("One\u2028two".encode(), "One\u2028two"), (b"\xff", "\ufffd"), (b"", "")],
    ids=["form feed", "line separator", "not UTF-8", "nothing"],
)
def test_whatever_a_subject_holds_the_commit_is_described(
    clone: Clone, repository: Path, tmp_path: Path, message: bytes, subject: str
) -> None:
    (tmp_path / "message").write_bytes(message)
    # Of an encoding that git does not know, it changes nothing.
    git(
        repository,
        *(
            "-c",
            "i18n.commitEncoding=unknown",
            "commit",
            "--quiet",
            "--allow-empty",
            "--allow-empty-message",
            f"--file={tmp_path / 'message'}",
        ),
    )
    clone.refresh()
    assert clone.resolve("main").subject == subject


def test_a_branch_and_a_commit_are_no_tags(clone: Clone, repository: Path) -> None:
    clone.refresh()
    (tag, *_more) = git(repository, "tag").split()
    branch = git(repository, "branch", "--show-current").strip()
    assert [clone.has_tag(name) for name in (tag, branch, clone.resolve(tag).commit)] == [True, False, False]


def test_tag_wins_over_a_branch_of_its_name(clone: Clone, repository: Path) -> None:
    git(repository, "branch", "v1", "main")
    clone.refresh()
    assert clone.resolve("v1").commit == git(repository, "rev-parse", "refs/tags/v1^{commit}")


def test_moved_and_deleted_refs_are_followed(clone: Clone, repository: Path) -> None:
    git(repository, "tag", "-f", "-m", "again", "v1", "main")
    git(repository, "tag", "-d", "v2")
    clone.refresh()
    assert clone.resolve("v1").commit == git(repository, "rev-parse", "main")
    with pytest.raises(ReleaseError, match="no tag, branch or commit"):
        clone.resolve("v2")


@pytest.mark.parametrize("version", ["v3", "--upload-pack=x", "HEAD~1", "main@{0}", ""])
def test_unknown_version_names_the_closest(clone: Clone, version: str) -> None:
    with pytest.raises(ReleaseError, match="tags: v") as refusal:
        clone.resolve(version)
    assert "git ls-remote --tags" in str(refusal.value)


def test_unreachable_repository_says_why(tmp_path: Path) -> None:
    clone = Clone(repository=str(tmp_path / "nothing"), directory=tmp_path / "clone.git")
    with pytest.raises(ReleaseError, match="does not appear to be a git repository"):
        clone.refresh()


def test_archive_is_the_same_each_time(clone: Clone, tmp_path: Path) -> None:
    commit = clone.resolve("v1").commit
    for name in ("one.tar", "two.tar"):
        clone.archive(commit, to=tmp_path / name)
    assert sha256_of(tmp_path / "one.tar") == sha256_of(tmp_path / "two.tar")
    assert not list(tmp_path.glob("*.partial"))


def test_password_in_a_url_is_not_told() -> None:
    url = "https://user:canary@example.org/amy.git"
    assert redacted(url) == "https://example.org/amy.git"
    assert "canary" not in explained(url, command="fetch", said=f"fatal: unable to access '{url}/'")


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ([], "It has no tags."),
        (["v4.2.4", "v4.2.3", "beta"], "The closest tags: v4.2.4, v4.2.3."),
        (["beta", "alpha"], "The newest tags: beta, alpha."),
    ],
)
def test_closest(tags: list[str], sentence: str) -> None:
    assert closest("v4.2.5", tags) == sentence


def test_each_repository_has_its_own_clone(tmp_path: Path) -> None:
    with locked(tmp_path / "cache"):
        one, other = (clone_directory(cache=tmp_path, repository=url) for url in ("a/../b", "b"))
    assert one != other
    assert one.parent == tmp_path


def test_a_file_of_a_commit_is_read_without_a_checkout(clone: Clone) -> None:
    assert clone.read(clone.resolve("v1").commit, "manage.py") == "v1"
    assert clone.read(clone.resolve("v1").commit, "absent.py") is None
