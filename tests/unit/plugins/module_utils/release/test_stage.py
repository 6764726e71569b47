# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.module_utils.release import stage
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.site import Site
from plugins.module_utils.shared_folder import marker
from tests.unit.plugins.module_utils.release.sites import OWNER, Staged, release_named


def test_staged_release_is_whole(site: Site, staged: Staged) -> None:
    directory = site.directory(staged("v1", {"a.css": "one"}))
    assert (directory / "mediafiles").readlink() == Path("../../shared/mediafiles")
    assert (site.shared / "mediafiles/seed").read_text() == "v1"
    assert (directory / "manage.py").stat().st_mode & 0o7777 == 0o750
    assert (directory / ".venv/bin/postactivate").stat().st_mode & 0o7777 == 0o640
    assert not list(site.releases.glob("*.partial"))


def test_seed_never_replaces_what_is_shared(site: Site, staged: Staged) -> None:
    staged("v1", {})
    (site.shared / "mediafiles/upload").write_text("precious")
    staged("v2", {})
    assert (site.shared / "mediafiles/seed").read_text() == "v1"
    assert (site.shared / "mediafiles/upload").read_text() == "precious"


def test_half_staged_release_is_done_again(site: Site, staged: Staged) -> None:
    partial = site.releases / "v1-0123456789ab-01234567.partial"
    partial.mkdir()
    (partial / "remains").write_text("")
    assert not (site.directory(staged("v1", {})) / "remains").exists()


def test_nothing_is_staged_where_the_shared_files_are_not_mounted(site: Site, staged: Staged) -> None:
    (site.shared / marker.NAME).touch()
    with pytest.raises(ReleaseError, match="is not mounted on this host"):
        staged("v1", {})
    assert site.staged() == []
    assert not (site.shared / "mediafiles").exists()


@pytest.mark.parametrize("damage", ["postactivate", "with-environment", ".release.json", "mediafiles"])
def test_damage_is_seen_and_healed(site: Site, staged: Staged, damage: str) -> None:
    identity = staged("v1", {})
    directory = site.directory(identity)
    record = site.record(identity)
    assert record is not None
    release = release_named("v1", sha256=record["sha256"])
    assert stage.differences(directory, site=site, release=release) == []
    path = next(path for path in directory.rglob(damage))
    path.unlink()
    seen = stage.differences(directory, site=site, release=release)
    assert [name.rsplit("/", 1)[-1] for name in seen] == [damage]
    assert stage.finish(directory, site=site, release=release, owner=OWNER) == seen
    assert stage.finish(directory, site=site, release=release, owner=OWNER) == []


def test_widened_permissions_of_the_settings_are_healed(site: Site, staged: Staged) -> None:
    identity = staged("v1", {})
    (site.directory(identity) / ".venv/bin/postactivate").chmod(0o644)
    record = site.record(identity)
    assert record is not None
    release = release_named("v1", sha256=record["sha256"])
    assert stage.finish(site.directory(identity), site=site, release=release, owner=OWNER) == [".venv/bin/postactivate"]


def test_release_that_serves_is_never_replaced(site: Site, staged: Staged) -> None:
    identity = staged("v1", {})
    assert not stage.is_staged(site, release=identity, sha256="another")
    site.link.symlink_to(f"releases/{identity}")
    with pytest.raises(ReleaseError, match="never replaced"):
        stage.is_staged(site, release=identity, sha256="another")


@pytest.mark.parametrize(("size", "unpacked", "needed"), [(100, 0, 300), (100, 150, 300), (100, 400, 500)])
def test_space_needed(size: int, unpacked: int, needed: int) -> None:
    assert stage.space_needed(size=size, unpacked_size=unpacked) == needed


def test_full_disk_is_told_with_numbers(site: Site) -> None:
    with pytest.raises(ReleaseError, match=r"has 10 MB free and the release needs 30 MB.*df -h"):
        stage.require_space(free=10_000_000, needed=30_000_000, site=site)
    stage.require_space(free=30_000_000, needed=30_000_000, site=site)


def test_damaged_artifact_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.write_text("damaged")
    with pytest.raises(ReleaseError, match="damaged or replaced"):
        stage.require_checksum(path, sha256="0" * 64)


def test_static_files_are_linked_and_counted(site: Site, staged: Staged) -> None:
    first = staged("v1", {"css/a.1.css": "same", "only.1.css": "one", "plain.css": "first"})
    second = staged("v2", {"css/a.1.css": "same", "only.2.css": "two", "plain.css": "second"})
    tree = {str(path.relative_to(site.static)) for path in site.static.rglob("*.css")}
    assert tree == {"css/a.1.css", "only.1.css", "only.2.css", "plain.css"}
    assert (site.static / "css/a.1.css").stat().st_nlink == 3
    assert (site.static / "plain.css").read_text() == "first"
    assert (site.directory(second) / "staticfiles/plain.css").read_text() == "second"
    assert (site.directory(first) / "staticfiles/only.1.css").samefile(site.static / "only.1.css")
    assert stage.merge(site, release=release_named("v2"), owner=OWNER) == 0


def test_file_with_a_secret_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    original = os.fsync

    def look(descriptor: int) -> None:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        original(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    stage.write_file(tmp_path / "file", file=stage.File("file", text="secret", mode=0o640), group=os.getgid())
    assert modes == [0o600]


@pytest.mark.parametrize("text", ["a\r\nb\rc\n", "\u00fc\u2028"])
def test_a_file_is_the_text_byte_for_byte_and_written_once(tmp_path: Path, text: str) -> None:
    file = stage.File("file", text=text, mode=0o640)
    assert stage.write_file(tmp_path / "file", file=file, group=os.getgid())
    assert (tmp_path / "file").read_bytes() == text.encode()
    assert not stage.write_file(tmp_path / "file", file=file, group=os.getgid())
