# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import tarfile
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
        (path / "manage.py").write_text(f"{version}\n")
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
    assert clone.read(clone.resolve("v1").commit, "manage.py") == "v1\n"
    assert clone.read(clone.resolve("v1").commit, "absent.py") is None


# What an operator's own settings do to the answers of git.
SETTINGS = {
    "signatures": "[log]\n\tshowSignature = true\n",
    "line ends": "[core]\n\tautocrlf = true\n",
    "permissions": "[tar]\n\tumask = 0077\n",
    "an order of tags": "[tag]\n\tsort = -version:refname\n[column]\n\tui = always\n[color]\n\tui = always\n",
    "hooks": "[core]\n\thooksPath = {home}/hooks\n",
    "a template": "[init]\n\ttemplateDir = {home}/template\n",
    "attributes": "[core]\n\tattributesFile = {home}/attributes\n",
    "a format of objects": "[init]\n\tdefaultObjectFormat = sha256\n",
}


def sign(repository: Path) -> None:
    """Give the newest commit a signature, which cannot be verified."""
    lines = git(repository, "cat-file", "commit", "HEAD").split("\n\n", 1)
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----"
    signed = subprocess.run(
        ["git", "-C", str(repository), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=f"{lines[0]}\n{signature}\n\n{lines[1]}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    git(repository, "update-ref", "refs/heads/main", signed.stdout.strip())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's home: what is in it decides nothing."""
    path = tmp_path / "home"
    (path / "hooks").mkdir(parents=True)
    (path / "template/hooks").mkdir(parents=True)
    for hooks in (path / "hooks", path / "template/hooks"):
        (hooks / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
        (hooks / "reference-transaction").chmod(0o755)
    (path / "attributes").write_text("* export-ignore\n")
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return path


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_of_the_operator_changes_an_answer(
    repository: Path, home: Path, tmp_path: Path, setting: str
) -> None:
    sign(repository)
    (home / ".gitconfig").write_text(SETTINGS[setting].format(home=home))
    clone = Clone(repository=str(repository), directory=tmp_path / "clone.git")
    clone.refresh()
    source = clone.resolve("main")
    assert source.subject == "Make v2"
    clone.archive(source.commit, to=tmp_path / "source.tar")
    (home / ".gitconfig").unlink()
    plain = Clone(repository=str(repository), directory=tmp_path / "plain.git")
    plain.refresh()
    plain.archive(plain.resolve("main").commit, to=tmp_path / "plain.tar")
    assert sha256_of(tmp_path / "source.tar") == sha256_of(tmp_path / "plain.tar")
    with pytest.raises(ReleaseError, match=r"The closest tags: v2, v1\."):
        clone.resolve("v3")


@pytest.mark.parametrize(
    "setting", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"]
)
def test_a_deploy_that_a_hook_of_git_starts_asks_the_right_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    wanted = git(repository, "rev-parse", "main")
    monkeypatch.setenv(setting, str(tmp_path / "elsewhere"))
    clone = Clone(repository=str(repository), directory=tmp_path / "clone.git")
    clone.refresh()
    assert clone.resolve("main").commit == wanted


def test_the_operator_says_how_the_repository_is_reached(repository: Path, home: Path, tmp_path: Path) -> None:
    (home / ".gitconfig").write_text(f'[url "{repository.parent}/"]\n\tinsteadOf = https://git.example.test/\n')
    clone = Clone(repository="https://git.example.test/repository", directory=tmp_path / "clone.git")
    clone.refresh()
    assert clone.resolve("v1").subject == "Make v1"


@pytest.mark.skipif(os.getuid() != 0, reason="gives a repository to another user")
def test_a_repository_of_another_user_is_read(repository: Path, home: Path, tmp_path: Path) -> None:
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    clone = Clone(repository=str(repository), directory=tmp_path / "clone.git")
    clone.refresh()
    assert clone.resolve("v1").subject == "Make v1"


def test_a_commit_in_capitals_is_found(clone: Clone, repository: Path) -> None:
    commit = git(repository, "rev-parse", "v1^{commit}")
    assert clone.resolve(commit.upper()).commit == clone.resolve(commit[:9].upper()).commit == commit


def test_what_an_attribute_keeps_out_of_archives_is_part_of_the_source(
    clone: Clone, repository: Path, tmp_path: Path
) -> None:
    (repository / "site/static").mkdir(parents=True)
    (repository / "site/static/app.css").write_text("a")
    (repository / ".gitattributes").write_text("/site export-ignore\n.gitattributes export-ignore\n")
    (repository / "site/.gitattributes").write_text("*.css export-ignore\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "Keep them out of tarballs")
    clone.refresh()
    clone.archive(clone.resolve("main").commit, to=tmp_path / "source.tar")
    with tarfile.open(tmp_path / "source.tar") as members:
        assert {".gitattributes", "site/.gitattributes", "site/static/app.css"} <= set(members.getnames())
