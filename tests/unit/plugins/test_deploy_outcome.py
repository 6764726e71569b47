# SPDX-License-Identifier: GPL-3.0-or-later
"""How a deploy is said to have ended."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.deploy_outcome import deploy_outcome

GOOD: dict[str, Any] = {
    "absences": [],
    "stranded": [],
    "can_return": True,
    "serving": [],
    "tried": True,
    "jobs_wait": False,
    "previous": "v1-0a1b2c3d4e5f-01234567",
    "previous_version": "v1",
    "stage": "test",
}
REFUSED = ["web1: Prove that it serves: /account/login/ gave 500"]


@pytest.mark.parametrize(
    ("failures", "facts", "result", "next_step"),
    [
        ([], {}, "succeeded", ""),
        (REFUSED, {}, "rolled_back", "Every host serves v1-"),
        (REFUSED, {"stranded": ["web2"]}, "failed", "Out of service until it is repaired: web2."),
        (REFUSED, {"absences": ["web2 is not healthy"]}, "failed", "Every host serves v1-"),
        (REFUSED, {"can_return": False}, "failed", "make reverse-migrations STAGE=test, then make rollback STAGE=test"),
        # `make reverse-migrations` finds out by what every host ran before: it takes back too much, or refuses.
        (REFUSED, {"can_return": False, "tried": False}, "failed", "make deploy STAGE=test VERSION=v1."),
        (REFUSED, {"can_return": False, "tried": False}, "failed", "make restore STAGE=test FROM="),
        (REFUSED, {"can_return": False, "tried": False, "jobs_wait": True}, "failed", "the queues stay held"),
        # It failed before it could know what a deploy that died had done.
        (REFUSED, {"can_return": False, "tried": False}, "failed", "run the same command again"),
        (REFUSED, {"can_return": False, "serving": ["web2"]}, "failed", "served by web2 alone"),
        (REFUSED, {"can_return": False, "previous": None, "serving": ["web2"]}, "failed", "It is served by web2 alone"),
        (REFUSED, {"can_return": False, "previous": None}, "failed", "There was no release before it"),
        ([], {"absences": ["web2 is not healthy"]}, "failed", "aws ec2 describe-instance-status"),
    ],
)
def test_outcome(failures: list[str], facts: dict[str, Any], result: str, next_step: str) -> None:
    outcome = deploy_outcome(failures, **{**GOOD, **facts})
    assert outcome.result == result
    assert next_step in outcome.next_step
    assert bool(outcome.next_step) == bool(next_step)


def test_no_command_is_named_that_some_hosts_are_not_ready_for() -> None:
    outcome = deploy_outcome(REFUSED, **{**GOOD, "can_return": False, "tried": False})
    assert "reverse-migrations" not in outcome.next_step
    assert "rollback" not in outcome.next_step
