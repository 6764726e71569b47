# SPDX-License-Identifier: GPL-3.0-or-later
"""The report names what is done, what comes next and how to go back."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.modernize import report

ALL = ["certificate", "prepare", "redis", "queues", "dns", "retire"]


def lines(done: list[str], *, read: bool = True) -> list[str]:
    return list(report(done, read=read, stage="test", domain="amy.example.org"))


@pytest.mark.parametrize(
    ("count", "following"), [(0, "certificate"), (1, "prepare"), (2, "redis"), (3, "queues"), (4, "dns"), (5, "retire")]
)
def test_the_next_phase_is_the_first_that_is_not_done(count: int, following: str) -> None:
    said = lines(ALL[:count])
    assert said[-1] == f"Next: make modernize PHASE={following} STAGE=test"
    assert [line.split(" ")[0] for line in said if "(done)" in line] == ["inspect", *ALL[:count]]


def test_a_move_begins_with_reading_and_ends_with_nothing_to_do() -> None:
    assert lines([], read=False)[-1] == "Next: make modernize PHASE=inspect STAGE=test"
    assert lines(ALL)[-1] == "The move is complete."


@pytest.mark.parametrize(("count", "back"), [(1, []), (2, ["prepare"]), (3, ["redis"]), (5, ["dns"]), (6, [])])
def test_the_way_back_begins_with_what_was_done_last(count: int, back: list[str]) -> None:
    assert [line.split(" ")[0] for line in lines(ALL[:count]) if "Back: " in line] == back


def test_a_rehearsal_is_possible_whenever_there_is_a_fleet() -> None:
    assert any(line.startswith("rehearse (any time)") for line in lines(["certificate", "prepare"]))
    assert any(line.startswith("rehearse (open)") for line in lines([]))
