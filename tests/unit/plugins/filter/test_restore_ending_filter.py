# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.restore_ending import restore_ending

STATE = {
    "active": {"id": "v2-0123456789ab-89abcdef", "ref": "v2"},
    "previous": {"id": "v1-0123456789ab-89abcdef", "ref": "v1"},
}


def test_it_reads_what_the_modules_say() -> None:
    told = {"pending": ["a.2"], "newer": [], "ahead": {}}
    ending = restore_ending(STATE, made_under=STATE["previous"]["id"], migrations=told, stage="test")
    assert not ending["fits"]
    assert "make rollback STAGE=test" in ending["next_step"]


@pytest.mark.parametrize(
    ("before", "fits"),
    [({"newer": ["a.3"]}, True), ({"newer": []}, False), ({"unread": "no such table"}, False), (None, False)],
)
def test_it_reads_what_the_release_said_before(before: dict[str, Any] | None, fits: bool) -> None:
    told = {"pending": [], "newer": ["a.3"]}
    ending = restore_ending(STATE, made_under="", migrations=told, before=before, stage="test")
    assert ending["fits"] is fits
    assert ("no such table" in ending["next_step"]) is bool((before or {}).get("unread"))


def test_where_no_release_runs_no_release_is_asked() -> None:
    nothing = {"active": None, "previous": None}
    assert restore_ending(nothing, made_under="", migrations=None, before={"skipped": True}, stage="test")["fits"]
