# SPDX-License-Identifier: GPL-3.0-or-later
"""An API that refuses every third call: the stage comes to be all the same, and nothing in it is made twice."""

from __future__ import annotations

import pytest

from tests.provision.stage import Stage

pytestmark = pytest.mark.thorough


def test_the_first_run_succeeds_although_every_third_call_is_throttled(stage: Stage) -> None:
    stage.throttle(every=3)
    run = stage.play("provision")
    stage.calm()
    assert run.code == 0, run.output
    assert sum(count for action, count in stage.calls().items() if action.endswith("(fault)")) > 30


def test_the_second_run_changes_nothing(stage: Stage) -> None:
    run = stage.play("provision")
    assert run.code == 0, run.output
    assert run.changed == [], run.output
    instances = stage.client("ec2").describe_instances()["Reservations"]
    assert sum(len(reservation["Instances"]) for reservation in instances) == 5
