# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a stage has of its own: where they may be, and that they are the release's alone."""

from __future__ import annotations

import py_compile
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.release import earlier, stage
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.own_files import own_files
from plugins.module_utils.release.site import Site
from tests.unit.plugins.module_utils.release.sites import OWNER, Staged, release_named

PATH = "portal/configuration.py"
TEXT = "SECRET = 'canary'\n"


@pytest.mark.parametrize(
    "path", [PATH, "local.yml", ".secrets/service-account.json", "uploads.py", "public/assets.py", ".venv.py"]
)
def test_a_file_may_be_beside_or_below_manage(path: str) -> None:
    assert own_files({path: TEXT}, shared_paths=["uploads"], static_directory="public/assets") == {path: TEXT}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/cron.d/job", "must be a path inside the release"),
        ("../configuration.py", "must be a path inside the release"),
        ("portal/../../configuration.py", "must be a path inside the release"),
        ("./configuration.py", "must be a path inside the release"),
        ("portal//configuration.py", "must be a path inside the release"),
        ("portal/", "must be a path inside the release"),
        ("", "must be a path inside the release"),
        (".", "must be a path inside the release"),
        ("a\0b", "must be a path inside the release"),
        (8, "must be a path inside the release"),
        (".venv/bin/postactivate", "the stage's own"),
        (".release.json", "the stage's own"),
        (".refused.json", "the stage's own"),
        # The application may write to shared paths, and every visitor may read static files.
        ("uploads/key.json", "release_shared_paths"),
        ("uploads", "release_shared_paths"),
        ("public/assets/configuration.js", "release_static_directory"),
    ],
)
def test_a_file_elsewhere_is_refused_without_its_text(path: Any, why: str) -> None:
    with pytest.raises(ReleaseError, match="release_files") as refusal:
        own_files({path: TEXT}, shared_paths=["uploads/"], static_directory="public/assets")
    assert why in str(refusal.value)
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize("value", [None, True, 4711, ["canary"], {"password": "canary"}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(ReleaseError, match=r"service\.json in release_files is no text") as refusal:
        own_files({"service.json": value}, shared_paths=[], static_directory="static")
    assert "canary" not in str(refusal.value)
    assert "4711" not in str(refusal.value)


@pytest.mark.parametrize(
    "files", [{"portal": TEXT, PATH: TEXT}, {PATH: TEXT, f"{PATH}/deeper": TEXT}], ids=["before", "after"]
)
def test_a_file_is_no_folder_of_another(files: dict[str, str]) -> None:
    with pytest.raises(ReleaseError, match="is the folder of"):
        own_files(files, shared_paths=[], static_directory="static")


def with_files(release: stage.Release, **files: str) -> stage.Release:
    return replace(release, files={PATH: TEXT, **files})


def test_a_release_has_the_file_for_itself_only(site: Site, staged: Staged) -> None:
    identity = staged("v1", {})
    directory = site.directory(identity)
    release = with_files(release_named("v1", sha256=str((site.record(identity) or {})["sha256"])))
    assert stage.differences(directory, site=site, release=release) == [PATH]
    assert stage.finish(directory, site=site, release=release, owner=OWNER) == [PATH]
    assert stage.finish(directory, site=site, release=release, owner=OWNER) == []
    assert (directory / PATH).read_text() == TEXT
    assert stat.S_IMODE((directory / PATH).stat().st_mode) == 0o640
    assert stat.S_IMODE((directory / PATH).parent.stat().st_mode) == 0o750


def test_bytecode_of_what_the_build_had_there_is_not_taken_for_the_file(site: Site, staged: Staged) -> None:
    identity = staged("v1", {})
    directory = site.directory(identity)
    module = directory / PATH
    module.parent.mkdir()
    module.write_text("SECRET = 'of the build'\n")
    # As the build compiles: what is checked against nothing.
    py_compile.compile(str(module), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    release = with_files(release_named("v1", sha256=str((site.record(identity) or {})["sha256"])))
    assert PATH in stage.differences(directory, site=site, release=release)
    stage.finish(directory, site=site, release=release, owner=OWNER)
    said = subprocess.run(
        [sys.executable, "-B", "-c", "from portal.configuration import SECRET; print(SECRET)"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "canary\n"


def linked(directory: Path, *, link: str, to: Path | str) -> None:
    """Make the release in `directory` have what a source can have: a link."""
    (directory / link).parent.mkdir(parents=True, exist_ok=True)
    (directory / link).symlink_to(to)


@pytest.mark.parametrize(
    ("link", "to"),
    [
        ("portal", "/tmp"),
        ("portal", "../../shared/mediafiles"),
        # In the release, and not where the path says: visitors read the first, the last is the stage's own.
        ("portal", "staticfiles"),
        ("portal", "mediafiles"),
        ("portal", ".venv/bin"),
        ("portal", "gone"),
    ],
)
def test_no_file_is_written_through_a_folder_that_is_a_link(site: Site, staged: Staged, link: str, to: str) -> None:
    identity = staged("v1", {"a.css": "one"})
    directory = site.directory(identity)
    linked(directory, link=link, to=to)
    release = with_files(release_named("v1", sha256=str((site.record(identity) or {})["sha256"])))
    before = {path: path.read_bytes() for path in site.root.rglob("*") if path.is_file()}
    refused = pytest.raises(ReleaseError, match=r"portal/configuration\.py .* release_files")
    with refused:
        stage.differences(directory, site=site, release=release)
    with refused:
        stage.finish(directory, site=site, release=release, owner=OWNER)
    assert {path: path.read_bytes() for path in site.root.rglob("*") if path.is_file()} == before


def test_a_file_takes_the_place_of_a_link(site: Site, staged: Staged, tmp_path: Path) -> None:
    identity = staged("v1", {})
    directory = site.directory(identity)
    elsewhere = tmp_path / "configuration.py"
    elsewhere.write_text("of the system")
    linked(directory, link=PATH, to=elsewhere)
    release = with_files(release_named("v1", sha256=str((site.record(identity) or {})["sha256"])))
    stage.finish(directory, site=site, release=release, owner=OWNER)
    assert (directory / PATH).read_text() == TEXT
    assert not (directory / PATH).is_symlink()
    assert elsewhere.read_text() == "of the system"


def test_of_bytecode_elsewhere_only_the_link_goes(site: Site, staged: Staged, tmp_path: Path) -> None:
    identity = staged("v1", {})
    directory = site.directory(identity)
    elsewhere = tmp_path / "configuration.cpython-311.pyc"
    elsewhere.write_bytes(b"of the system")
    linked(directory, link="portal/__pycache__", to=tmp_path)
    release = with_files(release_named("v1", sha256=str((site.record(identity) or {})["sha256"])))
    stage.finish(directory, site=site, release=release, owner=OWNER)
    assert elsewhere.read_bytes() == b"of the system"
    assert not (directory / "portal/__pycache__").exists()


@pytest.mark.parametrize("to", ["elsewhere", "staticfiles"])
def test_no_path_is_shared_through_a_folder_that_is_a_link(site: Site, staged: Staged, tmp_path: Path, to: str) -> None:
    identity = staged("v1", {"uploads/a": "of the release"})
    directory = site.directory(identity)
    there = directory / "staticfiles" if to == "staticfiles" else tmp_path / "elsewhere"
    (there / "uploads").mkdir(parents=True, exist_ok=True)
    (there / "uploads/a").write_text("of the system")
    linked(directory, link="public", to=there)
    release = replace(
        release_named("v1", sha256=str((site.record(identity) or {})["sha256"])), shared_paths=("public/uploads",)
    )
    with pytest.raises(ReleaseError, match=r"public/uploads .* release_shared_paths"):
        stage.finish(directory, site=site, release=release, owner=OWNER)
    assert (there / "uploads/a").read_text() == "of the system"
    assert not list((site.shared / "public/uploads").glob("*"))


def test_no_static_files_are_taken_from_elsewhere(site: Site, staged: Staged, tmp_path: Path) -> None:
    directory = site.directory(staged("v1", {}))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret").write_text("of the system")
    linked(directory, link="staticfiles", to=tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match=r"staticfiles .* release_static_directory"):
        stage.merge(site, release=release_named("v1"), owner=OWNER)
    with pytest.raises(ReleaseError, match=r"staticfiles .* release_static_directory"):
        earlier.add(directory, site=site, record={"id": "v0"}, static_directory="staticfiles", owner=OWNER)
    assert not list(site.static.rglob("secret"))
    assert not site.earlier.exists()


def test_static_files_may_be_a_link_in_the_release(site: Site, staged: Staged) -> None:
    directory = site.directory(staged("v1", {}))
    (directory / "front/built").mkdir(parents=True)
    (directory / "front/built/a.css").write_text("one")
    linked(directory, link="staticfiles", to="front/built")
    assert stage.merge(site, release=release_named("v1"), owner=OWNER) == 1
    assert (site.static / "a.css").read_text() == "one"
