# SPDX-License-Identifier: GPL-3.0-or-later
"""For a moment the share is mounted at a private path. Whatever goes wrong then, nothing on it is removed."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from plugins.module_utils.shared_folder import marker
from plugins.module_utils.shared_folder import move as moving
from plugins.module_utils.shared_folder.failure import SharedFolderError
from plugins.module_utils.shared_folder.move import Wanted, move
from tests.unit.plugins.module_utils.fake_clock import FakeClock

MOUNT = 'for folder; do :; done; touch "$folder/upload"'
UMOUNT = 'rm "$1/upload"'
BUSY = "echo target is busy; exit 32"


class Host:
    """Programs that stand in for those of the system: a mounted share has one file."""

    def __init__(self, root: Path) -> None:
        self.programs, self.scratch, self.site = root / "bin", root / "run", root / "shared"
        for folder in (self.programs, self.scratch, self.site):
            folder.mkdir()
        (self.site / marker.NAME).touch()
        for name, does in {"mount": MOUNT, "umount": UMOUNT, "systemctl": "true"}.items():
            self.program(name, does)

    def program(self, name: str, does: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)

    def move(self) -> None:
        wanted = Wanted(
            path=self.site, source="fs:/", kind="nfs4", options="rw", unit="x.mount", folders=(), user=0, group=0
        )
        move(wanted, clock=FakeClock(), patience=1)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)
    monkeypatch.setenv("PATH", f"{host.programs}:{os.environ['PATH']}")
    monkeypatch.setattr(moving, "SCRATCH", str(host.scratch))
    monkeypatch.setattr(moving, "covered", nullcontext)
    return host


def test_nothing_is_left_of_the_place_where_the_share_was_mounted(host: Host) -> None:
    host.move()
    assert list(host.scratch.iterdir()) == []


def test_a_share_that_cannot_be_unmounted_keeps_its_files(host: Host) -> None:
    host.program("umount", BUSY)
    with pytest.raises(SharedFolderError, match="target is busy"):
        host.move()
    assert [file.name for file in host.scratch.rglob("*") if file.is_file()] == ["upload"]


def test_a_share_that_cannot_be_mounted_leaves_no_folder(host: Host) -> None:
    host.program("mount", "echo no route to host; exit 32")
    with pytest.raises(SharedFolderError, match="no route to host"):
        host.move()
    assert list(host.scratch.iterdir()) == []
