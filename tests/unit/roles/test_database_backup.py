# SPDX-License-Identifier: GPL-3.0-or-later
"""Which dumps are complete, which are kept, and which are what they were."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from database_backup.manifest import Manifest, complete_dumps, manifest_file, read_manifest, sha256_of, write_manifest
from database_backup.retention import superseded

NOON = datetime(2026, 3, 31, 12, tzinfo=timezone.utc)


def manifest(name: str, *, started: datetime = NOON) -> Manifest:
    return Manifest(
        name=name,
        database="amy",
        reason="timer",
        release="",
        started=started.isoformat(),
        seconds=1.0,
        size=4,
        sha256="",
        server_version=15,
        client_version=15,
    )


def half_hourly(count: int) -> list[Manifest]:
    """The newest first."""
    return [manifest(str(index), started=NOON - index * timedelta(minutes=30)) for index in range(count)]


def test_the_newest_the_days_and_the_months_are_kept() -> None:
    dumps = half_hourly(48 * 400)
    gone = {dump.name for dump in superseded(dumps, newest=48, days=35, months=12)}
    kept = [dump for dump in dumps if dump.name not in gone]
    assert [dump.name for dump in kept[:48]] == [str(index) for index in range(48)]
    assert len({dump.started[:10] for dump in kept} & {dump.started[:10] for dump in dumps[: 48 * 34]}) == 35
    assert len({dump.started[:7] for dump in kept}) == 12
    # Today and yesterday are among the newest; then a dump a day; then a dump a month, but those of the days' months.
    assert len(kept) == 48 + 33 + 10


def test_the_newest_stays_whatever_is_asked() -> None:
    assert [dump.name for dump in superseded(half_hourly(3), newest=0, days=0, months=0)] == ["1", "2"]


def test_a_dump_without_a_manifest_is_not_complete(tmp_path: Path) -> None:
    for name in ("old.dump", "new.dump", "remains.dump"):
        (tmp_path / name).write_text("data")
    write_manifest(manifest("old.dump", started=NOON - timedelta(days=1)), tmp_path / "old.dump")
    write_manifest(manifest("new.dump"), tmp_path / "new.dump")
    assert [dump.name for dump in complete_dumps(tmp_path)] == ["new.dump", "old.dump"]
    assert read_manifest(tmp_path / "new.dump") == manifest("new.dump")
    assert not list(tmp_path.glob("*.partial"))


def test_age_is_counted_from_the_beginning() -> None:
    assert manifest("a.dump").age(NOON + timedelta(minutes=45)) == 2700


def test_a_manifest_that_is_none_is_refused(tmp_path: Path) -> None:
    manifest_file(tmp_path / "a.dump").write_text("{}")
    with pytest.raises(TypeError):
        read_manifest(tmp_path / "a.dump")


def test_checksum_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_of(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
