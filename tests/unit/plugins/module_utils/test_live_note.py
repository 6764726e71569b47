# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from plugins.module_utils._live_note import tell


def test_the_newest_line_is_all_there_is(tmp_path: Path) -> None:
    for text in ("3 in flight", "1 in flight"):
        tell(tmp_path / "web1.example.org", text)
    assert [path.name for path in tmp_path.iterdir()] == ["web1.example.org"]
    assert (tmp_path / "web1.example.org").read_text() == "1 in flight"


def test_a_wait_goes_on_although_nothing_can_be_told(tmp_path: Path) -> None:
    tell(tmp_path / "absent" / "web1", "3 in flight")
