# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.migration_facts import MigrationFacts, newer


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        (["a.0001", "b.0001", "a.0002"], []),
        (["a.0001", "a.0002", "a.0003", "b.0002"], ["a.0003", "b.0002"]),
        # Of an application that it does not have.
        (["a.0001", "a.0002", "a.0003", "c.0001"], ["a.0003"]),
        # An app that was removed, and what was squashed, long ago.
        (["gone.0001", "a.0000", "a.0001", "a.0002"], []),
        (["gone.0001", "a.0001", "a.0002", "a.0003"], ["a.0003"]),
        ([], []),
    ],
)
def test_newer_is_what_was_applied_after_all_that_the_release_knows(applied: list[str], expected: list[str]) -> None:
    known = ["a.0001", "a.0002", "b.0001"]
    facts = MigrationFacts(known=known, applied=applied, pending=[], statements={}, tables=[], graph=[])
    assert newer(facts) == expected
