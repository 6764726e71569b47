# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils._task_results import CENSORED, events_of, message_of, name_stage, outputs_of

LEAVE, JOIN = {"type": "host_out_of_service"}, {"type": "host_in_service"}


@pytest.mark.parametrize(
    ("content", "events"),
    [
        ({}, []),
        ({"deploy_event": LEAVE}, [LEAVE]),
        ({"deploy_event": [LEAVE, JOIN]}, [LEAVE, JOIN]),
        ({"results": [{"deploy_event": LEAVE}, "odd", {"deploy_event": JOIN}]}, [LEAVE, JOIN]),
    ],
)
def test_events(content: dict[str, Any], events: list[dict[str, Any]]) -> None:
    assert events_of(content) == events


def test_a_loop_tells_why_its_items_failed() -> None:
    content = {"msg": "One or more items failed", "results": [{"msg": "fine"}, {"failed": True, "msg": "full disk"}]}
    assert message_of(content, no_log=False) == "full disk\nOne or more items failed"


@pytest.mark.parametrize(
    ("value", "stage", "named"),
    [
        ("Run: make configure STAGE=<stage>, then", "test", "Run: make configure STAGE=test, then"),
        ("Run: make configure STAGE=<stage>", "", "Run: make configure STAGE=<stage>"),
        (
            {"steps": [{"message": "STAGE=<stage>", "at": 1.5}]},
            "test",
            {"steps": [{"message": "STAGE=test", "at": 1.5}]},
        ),
        (None, "test", None),
    ],
)
def test_a_command_gets_its_stage(value: Any, stage: str, named: Any) -> None:
    assert name_stage(value, stage) == named


def test_what_programs_printed_is_in_lines() -> None:
    content = {"stderr": "bad\nworse", "log": ["one"], "results": [{"failed": True, "stdout": "item"}]}
    assert outputs_of(content, no_log=False) == ["bad", "worse", "one", "item"]


@pytest.mark.parametrize(
    ("content", "no_log"),
    [
        ({"msg": "s3cr3t", "stderr": "s3cr3t"}, True),
        ({"msg": "s3cr3t", "stderr": "s3cr3t", "censored": "hidden"}, False),
        ({"msg": "s3cr3t", "stderr": "s3cr3t", "_ansible_no_log": True}, False),
    ],
)
def test_what_is_hidden_stays_hidden(content: dict[str, Any], no_log: bool) -> None:
    assert message_of(content, no_log=no_log) == CENSORED
    assert outputs_of(content, no_log=no_log) == []


def test_an_item_can_be_hidden_by_itself() -> None:
    content = {"msg": "", "results": [{"failed": True, "msg": "s3cr3t", "stdout": "s3cr3t", "_ansible_no_log": True}]}
    assert "s3cr3t" not in message_of(content, no_log=False)
    assert outputs_of(content, no_log=False) == []
