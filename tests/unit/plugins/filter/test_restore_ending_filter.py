# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

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


def test_where_no_release_runs_no_release_is_asked() -> None:
    nothing = {"active": None, "previous": None}
    assert restore_ending(nothing, made_under="", migrations=None, stage="test")["fits"]
