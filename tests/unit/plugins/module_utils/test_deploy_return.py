# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the release before can serve again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.deploy_return import can_return

CHOSEN: dict[str, Any] = {
    "strategy": "maintenance",
    "breaking": True,
    "migrated": None,
    "ahead": False,
    "found_closed": False,
}


@pytest.mark.parametrize(
    ("facts", "can"),
    [
        ({"breaking": False, "migrated": True}, True),
        ({"migrated": True}, False),
        ({"migrated": False}, True),
        # It has failed before it migrated; a deploy that died may have done it.
        ({}, True),
        ({"ahead": True}, False),
        ({"ahead": True, "breaking": False}, True),
        ({"ahead": False, "found_closed": True}, True),
        ({"ahead": True, "found_closed": True}, False),
        # It has failed before it compared the releases and the database.
        ({"strategy": None, "breaking": False}, True),
        ({"strategy": None, "breaking": False, "found_closed": True}, False),
        # The wanted release cannot live with the schema: some hosts may be of one release, some of the other.
        ({"strategy": "refused", "breaking": False}, True),
        ({"strategy": "refused", "breaking": False, "found_closed": True}, False),
    ],
)
def test_the_previous_release_serves_again_only_on_a_schema_that_it_can_live_with(
    facts: dict[str, Any], can: bool
) -> None:
    assert can_return("v1", **{**CHOSEN, **facts}) is can


def test_nothing_is_returned_to_before_the_first_release() -> None:
    assert not can_return(None, **CHOSEN)
