# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups are complete, which are kept, and which are what they were."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from backup_library.failure import BackupError
from backup_library.folder import Folder
from backup_library.manifest import Manifest, sha256_of
from backup_library.retention import Keep

NOON = datetime(2026, 3, 31, 12, tzinfo=timezone.utc)
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def manifest(name: str, *, started: datetime = NOON) -> Manifest:
    return Manifest(name=name, reason="timer", started=started.isoformat(), seconds=1.0, size=3, sha256=ABC, s3="")


def half_hourly(count: int) -> list[Manifest]:
    """The newest first."""
    return [manifest(str(index), started=NOON - index * timedelta(minutes=30)) for index in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder[Manifest]:
    """A folder with a backup of yesterday and one of today."""
    made = Folder(tmp_path, ".dump", Manifest)
    for name, started in (("old.dump", NOON - timedelta(days=1)), ("new.dump", NOON)):
        made.partial(name).write_text("abc")
        made.add(manifest(name, started=started))
    return made


def test_the_newest_the_days_and_the_months_are_kept() -> None:
    backups = half_hourly(48 * 400)
    gone = {backup.name for backup in Keep(newest=48, days=35, months=12).superseded(backups)}
    kept = [backup for backup in backups if backup.name not in gone]
    assert [backup.name for backup in kept[:48]] == [str(index) for index in range(48)]
    assert len({backup.started[:10] for backup in kept} & {backup.started[:10] for backup in backups[: 48 * 34]}) == 35
    assert len({backup.started[:7] for backup in kept}) == 12
    # Today and yesterday are among the newest; then one a day; then one a month, but those of the days' months.
    assert len(kept) == 48 + 33 + 10


def test_the_newest_stays_whatever_is_asked(folder: Folder[Manifest]) -> None:
    folder.prune(Keep(newest=0, days=0, months=0))
    assert [backup.name for backup in folder.complete()] == ["new.dump"]
    assert sorted(file.name for file in folder.directory.iterdir()) == ["new.dump", "new.dump.manifest.json"]


def test_a_file_without_a_manifest_is_not_complete(folder: Folder[Manifest]) -> None:
    (folder.directory / "remains.dump").write_text("data")
    assert [backup.name for backup in folder.complete()] == ["new.dump", "old.dump"]
    assert folder.read("new.dump") == manifest("new.dump")


def test_a_backup_copied_under_another_name_is_that_file(folder: Folder[Manifest]) -> None:
    (folder.directory / "copy.dump").write_text("abx")
    folder.description("copy.dump").write_text(folder.description("new.dump").read_text())
    with pytest.raises(BackupError, match=r"copy\.dump is not what it was"):
        folder.require_intact(folder.read("copy.dump"))


def test_remains_are_removed_and_nothing_else(folder: Folder[Manifest]) -> None:
    before = sorted(folder.directory.iterdir())
    folder.partial("killed.dump").write_text("da")
    folder.description("killed.dump").write_text("{}")
    folder.partial("killed.dump.manifest.json").write_text("{")
    folder.remove_remains()
    assert sorted(folder.directory.iterdir()) == before


def test_nothing_is_written_where_a_link_leads_to(folder: Folder[Manifest], tmp_path: Path) -> None:
    kept = tmp_path / "shadow"
    kept.write_text("root")
    folder.partial("new.dump.manifest.json").symlink_to(kept)
    with pytest.raises(FileExistsError):
        folder.describe(manifest("new.dump"))
    assert kept.read_text() == "root"
    folder.remove_remains()
    assert kept.read_text() == "root"


def test_age_is_counted_from_the_beginning() -> None:
    assert manifest("a.dump").age(NOON + timedelta(minutes=45)) == 2700


def test_a_manifest_that_is_none_is_refused(folder: Folder[Manifest]) -> None:
    folder.description("new.dump").write_text("{}")
    with pytest.raises(BackupError, match="no manifest of a backup"):
        folder.read("new.dump")


@pytest.mark.parametrize("content", ["abx", "abca", ""])
def test_another_content_than_the_manifests_is_refused(folder: Folder[Manifest], content: str) -> None:
    assert folder.require_intact(manifest("new.dump")) == folder.directory / "new.dump"
    (folder.directory / "new.dump").write_text(content)
    with pytest.raises(BackupError, match="not what it was"):
        folder.require_intact(manifest("new.dump"))


def test_checksum_is_of_the_content(folder: Folder[Manifest]) -> None:
    assert sha256_of(folder.directory / "new.dump") == ABC


def test_fields_of_a_later_version_are_passed_over(folder: Folder[Manifest]) -> None:
    described = json.loads(folder.description("new.dump").read_text())
    folder.description("new.dump").write_text(json.dumps({**described, "colour": "blue"}))
    assert folder.read("new.dump") == manifest("new.dump")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"colour": "blue"}', "started", "size", b"\xff\xfe".decode("utf-16-le") + "\udcff"],
    ids=["empty", "cut off", "list", "null", "without fields", "other fields", "no time", "no size", "no text"],
)
def test_a_bad_manifest_is_left_out_and_named(folder: Folder[Manifest], text: str) -> None:
    description = folder.description("new.dump")
    described = json.loads(description.read_text())
    text = {"started": json.dumps({**described, text: "soon"}), "size": json.dumps({**described, text: "big"})}.get(
        text, text
    )
    description.write_bytes(text.encode(errors="surrogateescape"))
    assert [backup.name for backup in folder.complete()] == ["old.dump"]
    (told,) = folder.left_out()
    assert "new.dump.manifest.json" in told
    with pytest.raises(BackupError, match=r"new\.dump\.manifest\.json"):
        folder.read("new.dump")


def test_stray_folders_are_left_out_and_stay(folder: Folder[Manifest]) -> None:
    for name in ("mine.partial", "mine.dump", "new.dump.old.dump.manifest.json"):
        (folder.directory / name).mkdir()
    folder.description("mine.dump").mkdir()
    folder.remove_remains()
    folder.prune(Keep(newest=1, days=1, months=1))
    assert [backup.name for backup in folder.complete()] == ["new.dump"]
    assert "mine.dump" in folder.left_out()[0]
    assert (folder.directory / "mine.partial").is_dir()
