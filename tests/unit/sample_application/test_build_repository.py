# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated repository: the same everywhere, complete, and every release of it compiles."""

from __future__ import annotations

import compileall
import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from sample_application import build_repository as module
from sample_application.build_repository import RELEASES, RepositoryError, build_repository

TAGS = [release.tag for release in RELEASES]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated repository."""
    destination = tmp_path_factory.mktemp("sample") / "repository.git"
    build_repository(destination=destination)
    return destination


def unpack(repository: Path, tag: str, destination: Path) -> Path:
    """Unpack the release `tag`; return its folder."""
    archive = subprocess.run(["git", "-C", repository, "archive", tag], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(destination, filter="data")
    return destination


def test_commit_ids_do_not_depend_on_place_time_or_user(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Somebody Else\n[core]\n\tautocrlf = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    elsewhere = build_repository(destination=tmp_path / "deeper" / "repository.git")
    assert elsewhere == build_repository(destination=repository)
    assert list(elsewhere) == TAGS


def test_an_up_to_date_repository_is_left_alone(repository: Path) -> None:
    before = repository.stat().st_ino
    build_repository(destination=repository)
    assert repository.stat().st_ino == before


def test_an_outdated_repository_is_replaced(tmp_path: Path) -> None:
    destination = tmp_path / "repository.git"
    releases = build_repository(destination=destination)
    subprocess.run(["git", "-C", destination, "update-ref", "refs/tags/v1", releases["v2"]], check=True)
    build_repository(destination=destination)
    tag = subprocess.run(
        ["git", "-C", destination, "rev-parse", "v1"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert tag == releases["v1"]


def test_somebody_elses_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(RepositoryError, match="name another folder"):
        build_repository(destination=tmp_path / "mine")
    assert (tmp_path / "mine" / "HEAD").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_patch_that_does_not_apply_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v2.patch").write_text("--- a/absent\n+++ b/absent\n@@ -1 +1 @@\n-a\n+b\n")
    monkeypatch.setattr(module, "PATCHES", tmp_path)
    with pytest.raises(RepositoryError, match=r"v2\.patch failed: .*absent"):
        build_repository(destination=tmp_path / "repository.git")
    assert not (tmp_path / "repository.git").exists()


@pytest.mark.parametrize("tag", TAGS)
def test_release_compiles_and_knows_its_name(repository: Path, tag: str, tmp_path: Path) -> None:
    tree = unpack(repository, tag, tmp_path)
    assert compileall.compile_dir(tree, quiet=2)
    assert f'RELEASE = "{tag}"' in (tree / "config/release.py").read_text()


@pytest.mark.parametrize("tag", TAGS)
def test_release_has_one_chain_of_migrations(repository: Path, tag: str, tmp_path: Path) -> None:
    migrations = sorted((unpack(repository, tag, tmp_path) / "ledger/migrations").glob("0*.py"))
    for earlier, later in zip(migrations, migrations[1:]):
        assert f'dependencies = [("ledger", "{earlier.stem}")]' in later.read_text()


def test_the_patches_are_those_of_the_releases() -> None:
    assert {path.stem for path in module.PATCHES.iterdir()} == {release.tag for release in RELEASES if release.parent}


def test_no_lock_file_names_a_registry() -> None:
    for name in ("requirements.txt", "package-lock.json"):
        assert "://" not in (module.SOURCE / name).read_text()


def test_every_requirement_is_pinned_and_hashed() -> None:
    lines = (module.SOURCE / "requirements.txt").read_text().replace("\\\n", "").splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert requirements
    for requirement in requirements:
        assert re.match(r"[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+", requirement)
