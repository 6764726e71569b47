# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from plugins.module_utils._live_note import tell
from plugins.plugin_utils._live_notes import VARIABLE, LiveNotes, wanted_note


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveNotes:
    monkeypatch.delenv(VARIABLE, raising=False)
    return LiveNotes(tmp_path / "run" / "progress")


def test_what_is_told_is_read(notes: LiveNotes) -> None:
    notes.begin()
    for host in ("web1", "web/2"):
        note = wanted_note(host)
        assert note is not None
        tell(note, f"{host} drains")
    assert [notes.read(host) for host in ("web1", "web/2", "web3")] == ["web1 drains", "web/2 drains", ""]


def test_nothing_is_wanted_before_and_after(notes: LiveNotes) -> None:
    assert wanted_note("web1") is None
    notes.begin()
    notes.end()
    assert wanted_note("web1") is None
