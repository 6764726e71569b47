# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated repositories: the same everywhere, complete, and every release of theirs compiles."""

from __future__ import annotations

import compileall
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lab import another_application, sample_application
from lab.sample_application.build_repository import Application, RepositoryError, build_repository

SAMPLE, ANOTHER = sample_application.APPLICATION, another_application.APPLICATION
TAGS = [release.tag for release in SAMPLE.releases]
RELEASES = [(application, release.tag) for application in (SAMPLE, ANOTHER) for release in application.releases]
# Of each application: where it says which release it is, the folder of its migrations, and its locks.
RELEASE_FILES = {SAMPLE: "config/release.py", ANOTHER: "site/portal/release.py"}
MIGRATIONS = {SAMPLE: "applications/ledger/migrations", ANOTHER: "site/board/migrations"}
LOCKS = [
    SAMPLE.source / "requirements.txt",
    SAMPLE.source / "package-lock.json",
    ANOTHER.source / "site/poetry.lock",
]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[Application, Path]:
    """The generated repository of each application."""
    folder = tmp_path_factory.mktemp("samples")
    for application in (SAMPLE, ANOTHER):
        build_repository(application=application, destination=folder / application.folder.name)
    return {application: folder / application.folder.name for application in (SAMPLE, ANOTHER)}


@pytest.fixture
def repository(repositories: dict[Application, Path]) -> Path:
    """The sample application's."""
    return repositories[SAMPLE]


def unpack(repository: Path, tag: str, destination: Path) -> Path:
    """Unpack the release `tag`; return its folder."""
    archive = subprocess.run(["git", "-C", repository, "archive", tag], check=True, capture_output=True).stdout
    subprocess.run(["tar", "--extract", "--directory", destination], input=archive, check=True)
    return destination


def test_commit_ids_do_not_depend_on_place_time_or_user(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Another Person\n[core]\n\tautocrlf = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Another Person")
    elsewhere = build_repository(application=SAMPLE, destination=tmp_path / "deeper" / "repository.git")
    assert elsewhere == build_repository(application=SAMPLE, destination=repository)
    assert list(elsewhere) == TAGS


def test_an_up_to_date_repository_is_left_alone(repository: Path) -> None:
    before = repository.stat().st_ino
    build_repository(application=SAMPLE, destination=repository)
    assert repository.stat().st_ino == before


def test_an_outdated_repository_is_replaced(tmp_path: Path) -> None:
    destination = tmp_path / "repository.git"
    releases = build_repository(application=SAMPLE, destination=destination)
    subprocess.run(["git", "-C", destination, "update-ref", "refs/tags/v1", releases["v2"]], check=True)
    build_repository(application=SAMPLE, destination=destination)
    tag = subprocess.run(
        ["git", "-C", destination, "rev-parse", "v1"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert tag == releases["v1"]


def test_another_persons_folder_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "HEAD").write_text("ref: refs/heads/main\n")
    with pytest.raises(RepositoryError, match="name another folder"):
        build_repository(application=SAMPLE, destination=tmp_path / "mine")
    assert (tmp_path / "mine" / "HEAD").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_patch_that_does_not_apply_is_named(tmp_path: Path) -> None:
    broken = replace(ANOTHER, folder=tmp_path / "broken")
    (broken.source / "site").mkdir(parents=True)
    broken.patches.mkdir()
    (broken.patches / "v2.patch").write_text("--- a/absent\n+++ b/absent\n@@ -1 +1 @@\n-a\n+b\n")
    with pytest.raises(RepositoryError, match=r"v2\.patch failed: .*absent"):
        build_repository(application=broken, destination=tmp_path / "repository.git")
    assert not (tmp_path / "repository.git").exists()


@pytest.mark.parametrize(("application", "tag"), RELEASES)
def test_release_compiles_and_knows_its_name(
    repositories: dict[Application, Path], application: Application, tag: str, tmp_path: Path
) -> None:
    tree = unpack(repositories[application], tag, tmp_path)
    assert compileall.compile_dir(tree, quiet=2)
    assert f'RELEASE = "{tag}"' in (tree / RELEASE_FILES[application]).read_text()


@pytest.mark.parametrize(("application", "tag"), RELEASES)
def test_release_has_one_chain_of_migrations(
    repositories: dict[Application, Path], application: Application, tag: str, tmp_path: Path
) -> None:
    folder = unpack(repositories[application], tag, tmp_path) / MIGRATIONS[application]
    migrations = sorted(folder.glob("0*.py"))
    assert len(migrations) >= 2
    for earlier, later in zip(migrations, migrations[1:]):
        assert f'dependencies = [("{folder.parent.name}", "{earlier.stem}")]' in later.read_text()


def test_v3_brings_an_application_that_a_reversal_must_leave_alone(repository: Path, tmp_path: Path) -> None:
    """As third parties' do: one migration is recorded under names on no disk, and one cannot be reversed."""
    folder = unpack(repository, "v3", tmp_path) / "applications/tokens/migrations"
    assert 'replaces = [("access", "0001_initial")' in (folder / "0001_initial.py").read_text()
    assert "RunPython(delete_tokens)" in (folder / "0002_digests.py").read_text()
    assert not (folder.parent.parent / "access").exists()


@pytest.mark.parametrize("application", [SAMPLE, ANOTHER])
def test_the_patches_are_those_of_the_releases(application: Application) -> None:
    tags = {release.tag for release in application.releases if release.parent}
    assert {path.stem for path in application.patches.iterdir()} == tags


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_file_names_a_registry(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_every_requirement_is_pinned_and_hashed() -> None:
    lines = LOCKS[0].read_text().replace("\\\n", "").splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert requirements
    for requirement in requirements:
        assert re.match(r"[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+", requirement)


def test_each_sample_is_of_a_shape_of_its_own() -> None:
    lock = LOCKS[2].read_text()
    assert 'name = "uvicorn"' in lock
    assert 'name = "rq"' not in lock
    assert not list(ANOTHER.source.rglob("package*.json"))
