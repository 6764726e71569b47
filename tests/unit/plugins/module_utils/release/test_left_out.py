# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from plugins.module_utils.release.left_out import LFS, LFS_MARK, SUBMODULE, Gap, concerning, points, refusal
from plugins.module_utils.release.source import Clone

POINTER = f"{LFS_MARK}\noid sha256:{'a' * 64}\nsize 12345\n"
THEME, LOGO = Gap("site/static/theme", SUBMODULE), Gap("site/static/logo.png", LFS)


def git(repository: Path, *arguments: str) -> str:
    """Run git in REPOSITORY and return what it says."""
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(repository), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    theme, path = tmp_path / "theme", tmp_path / "repository"
    for repository in (theme, path):
        repository.mkdir()
        git(repository, "init", "--quiet", "--initial-branch=main")
        git(repository, "commit", "--quiet", "--allow-empty", "-m", "Begin")
    git(path, "submodule", "--quiet", "add", str(theme), "site/static/theme")
    git(path, "submodule", "--quiet", "add", str(theme), "docs/theme")
    (path / "site/static/logo.png").write_text(POINTER)
    (path / "site/README").write_text(f"A pointer looks like this:\n{POINTER}")
    (path / "site/long").write_text(POINTER + "x y\n" * 1000)
    (path / "site/link").symlink_to("static/logo.png")
    git(path, "add", ".")
    git(path, "commit", "--quiet", "-m", "Use them")
    result = Clone(repository=str(path), directory=tmp_path / "clone.git")
    result.refresh()
    return result


def test_submodules_and_pointers_are_found_without_a_checkout(clone: Clone) -> None:
    found = clone.gaps(clone.resolve("main").commit)
    assert set(found) == {THEME, LOGO, Gap("docs/theme", SUBMODULE)}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (POINTER, True),
        (POINTER.replace("oid", "ext-0-foo sha256:x\noid"), True),
        (f"See:\n{POINTER}", False),
        (LFS_MARK, False),
        (None, False),
    ],
)
def test_pointer(text: str | None, is_one: bool) -> None:
    assert points(text) == is_one


@pytest.mark.parametrize(
    ("directory", "accepted", "left"),
    [
        (".", [], [THEME, LOGO]),
        ("site", [], [THEME, LOGO]),
        ("site/../site/", [], [THEME, LOGO]),
        ("other", [], []),
        ("sit", [], []),
        # manage.py itself is in the submodule.
        ("site/static/theme/app", [], [THEME]),
        (".", ["site/static/theme"], [LOGO]),
        (".", ["site/static/theme/", "site/static/*.png"], []),
        (".", ["logo.png"], [THEME, LOGO]),
    ],
)
def test_what_concerns_a_release(directory: str, accepted: list[str], left: list[Gap]) -> None:
    assert concerning([THEME, LOGO], directory=directory, accepted=accepted) == left


def test_a_refusal_names_what_is_missing_and_what_to_do() -> None:
    told = refusal([vars(THEME), vars(LOGO)], ref="v2", stage="test")
    for words in (
        "site/static/theme: submodules (.gitmodules)",
        "site/static/logo.png: files in Git LFS",
        "release_left_out in inventories/test/group_vars/all/release.yml",
        "make deploy STAGE=test VERSION=v2",
    ):
        assert words in told
    assert refusal([], ref="v2", stage="test") == ""


def test_of_many_files_some_are_named() -> None:
    gaps = [{"path": f"{number}.png", "kind": LFS} for number in range(9)]
    assert "3.png, 4.png, 4 more: files" in refusal(gaps, ref="v2", stage="test")
