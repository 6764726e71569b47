# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.rollback import candidates


def host(active: str, previous: str | None) -> dict[str, Any]:
    """What is asked of a host's state."""
    return {"active": {"id": active}, "previous": previous and {"id": previous}}


def lock(version: str, reason: str = "make rollback") -> dict[str, Any]:
    """What is asked of the deploy lock."""
    return {"version": version, "reason": reason}


UNTOUCHED = [host("v3", "v2"), host("v3", "v2")]
# It has changed the first host, whose release before v2 was v1.
CUT_OFF = [host("v2", "v1"), host("v3", "v2")]
# It has changed both, and was about to give its lock back.
AT_ITS_END = [host("v2", "v1"), host("v2", "v1")]


@pytest.mark.parametrize(
    ("hosts", "found", "claim", "expected"),
    [
        (UNTOUCHED, None, "free", {"v2"}),
        (UNTOUCHED, lock("v2"), "dead", {"v2"}),
        (CUT_OFF, lock("v2"), "dead", {"v2"}),
        (CUT_OFF, lock("v2"), "expired", {"v2"}),
        (CUT_OFF, lock("v2", "make rollback STAGE=test"), "dead", {"v2"}),
        (AT_ITS_END, lock("v2"), "dead", {"v2"}),
        # Without its lock, nobody knows what it was.
        (CUT_OFF, None, "free", {"v1", "v2"}),
        (AT_ITS_END, None, "free", {"v1"}),
        # Another deploy, which may well live.
        (CUT_OFF, lock("v2"), "foreign", {"v1", "v2"}),
        (AT_ITS_END, lock("v2", "make deploy"), "dead", {"v1"}),
        # No host has its release any more.
        (UNTOUCHED, lock("v0"), "dead", {"v2"}),
        ([host("v1", None)], None, "free", set()),
    ],
)
def test_where_a_rollback_goes(
    hosts: list[dict[str, Any]], found: dict[str, Any] | None, claim: str, expected: set[str]
) -> None:
    assert {record["id"] for record in candidates(hosts, lock=found, claim=claim)} == expected
