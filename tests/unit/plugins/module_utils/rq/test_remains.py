# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left in the queues of a stage that is to have none."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.remains import Remains, remains

EMPTY: dict[str, list[Any]] = {
    "queued": [],
    "taken": [],
    "running": [],
    "deferred": [],
    "scheduled": [],
    "failed": [],
}


def scored(*ids: str) -> list[dict[str, Any]]:
    return [{"id": job, "score": 1.0} for job in ids]


@pytest.mark.parametrize(
    ("queues", "scheduled", "waiting", "failed"),
    [
        ({"default": EMPTY}, [], [], []),
        ({"default": EMPTY | {"queued": ["a", "b"]}}, [], ["queue default: 2 queued (a, b)"], []),
        ({"default": EMPTY | {"taken": ["a"]}}, [], ["queue default: 1 taken (a)"], []),
        # RQ 2 names the execution, too.
        ({"default": EMPTY | {"running": scored("a:1")}}, [], ["queue default: 1 running (a)"], []),
        ({"default": EMPTY | {"deferred": scored("a")}}, [], ["queue default: 1 deferred (a)"], []),
        ({"default": EMPTY | {"scheduled": scored("a")}}, [], ["queue default: 1 scheduled (a)"], []),
        ({"default": EMPTY}, scored("mail"), ["rq-scheduler: 1 scheduled (mail)"], []),
        ({"default": EMPTY, "slow": EMPTY | {"queued": ["z"]}}, [], ["queue slow: 1 queued (z)"], []),
        # A failed job keeps nothing from going: it is named.
        ({"default": EMPTY | {"failed": scored("bad")}}, [], [], ["queue default: 1 failed (bad)"]),
    ],
)
def test_what_is_left_is_named(
    queues: dict[str, Any], scheduled: list[dict[str, Any]], waiting: list[str], failed: list[str]
) -> None:
    assert remains({"queues": queues, "scheduled": scheduled}) == Remains(waiting=waiting, failed=failed)


def test_of_many_jobs_the_first_are_named() -> None:
    found = remains({"queues": {"default": EMPTY | {"queued": [f"job{n}" for n in range(12)]}}, "scheduled": []})
    assert found.waiting[0].endswith("job8, job9 and 2 more)")
