# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms below a prefix become those that are wanted, in moto; a second time there is nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.module_utils.monitoring.alarm_set import Alarms, Plan, plan
from plugins.module_utils.monitoring.alarms import alarms
from tests.unit.plugins.module_utils.monitoring.stages import BARE, WHOLE

WANTED = alarms(WHOLE, thresholds={}, actions=["arn:aws:sns:us-east-1:123456789012:amy"])


@pytest.fixture
def cloudwatch(aws: Callable[[str], Any]) -> Any:
    return aws("cloudwatch")


def settle(cloudwatch: Any, wanted: list[dict[str, Any]]) -> Plan:
    kept = Alarms(cloudwatch, prefix="amy/test/")
    planned = plan(kept.current(), wanted)
    kept.carry_out(planned, tags={"Stage": "test"})
    return planned


def names(cloudwatch: Any) -> set[str]:
    return {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}


def test_the_second_time_nothing_is_to_be_done(cloudwatch: Any) -> None:
    assert len(settle(cloudwatch, WANTED).put) == len(WANTED)
    assert names(cloudwatch) == {alarm["AlarmName"] for alarm in WANTED}
    assert not settle(cloudwatch, WANTED).changes


def test_one_that_was_changed_by_hand_is_put_right_and_shown(cloudwatch: Any) -> None:
    settle(cloudwatch, WANTED)
    by_hand = {**WANTED[0], "Threshold": 99.0}
    cloudwatch.put_metric_alarm(**by_hand)
    planned = settle(cloudwatch, WANTED)
    name = WANTED[0]["AlarmName"]
    assert [alarm["AlarmName"] for alarm in planned.put] == [name]
    assert (planned.before[name]["Threshold"], planned.after[name]["Threshold"]) == (99.0, 5)
    assert not settle(cloudwatch, WANTED).changes


def test_an_alarm_whose_actions_are_switched_off_is_switched_on(cloudwatch: Any) -> None:
    settle(cloudwatch, WANTED)
    cloudwatch.disable_alarm_actions(AlarmNames=[WANTED[1]["AlarmName"]])
    assert [alarm["AlarmName"] for alarm in settle(cloudwatch, WANTED).put] == [WANTED[1]["AlarmName"]]


def test_those_that_are_not_wanted_go_and_those_of_others_stay(cloudwatch: Any) -> None:
    settle(cloudwatch, WANTED)
    cloudwatch.put_metric_alarm(**{**WANTED[1], "AlarmName": "amy/test-2/latency"})
    planned = settle(cloudwatch, alarms(BARE, thresholds={}, actions=["arn:aws:sns:us-east-1:123456789012:amy"]))
    assert "amy/test/web1/disk" in planned.delete
    assert not planned.put
    assert names(cloudwatch) == {alarm["AlarmName"] for alarm in WANTED} - set(planned.delete) | {"amy/test-2/latency"}


def test_more_are_deleted_than_cloudwatch_takes_at_once(cloudwatch: Any) -> None:
    settle(cloudwatch, [{**WANTED[1], "AlarmName": f"amy/test/{number}"} for number in range(101)])
    assert len(settle(cloudwatch, []).delete) == 101
    assert names(cloudwatch) == set()


def test_neither_order_nor_emptiness_is_a_difference() -> None:
    there = {
        "AlarmName": "a",
        "AlarmActions": [],
        "Unit": "",
        "Dimensions": [{"Value": "2", "Name": "B"}, {"Name": "A", "Value": "1"}],
        "StateValue": "ALARM",
    }
    asked = {"AlarmName": "a", "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]}
    assert not plan([there], [asked]).changes
