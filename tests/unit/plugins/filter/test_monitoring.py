# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters take a stage as Ansible has it, and refuse as Ansible does."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.filter.monitoring import FilterModule

from tests.unit.plugins.module_utils.monitoring.stages import WHOLE

FILTERS = FilterModule().filters()


def test_a_stages_alarms_and_dashboard_agree_on_a_threshold() -> None:
    limits = {"memory": 70}
    found = {alarm["AlarmName"]: alarm for alarm in FILTERS["stage_alarms"](asdict(WHOLE), limits, ["arn:topic"])}
    body = FILTERS["stage_dashboard"](asdict(WHOLE), "us-east-1", "/amy/test", ["arn:a"], limits)
    assert found["amy/test/web1/memory"]["Threshold"] == 70
    drawn = [widget["properties"]["annotations"] for widget in body["widgets"] if "Memory in use" in str(widget)]
    assert drawn == [{"horizontal": [{"label": "alarm", "value": 70}]}]


def test_a_refusal_is_ansibles() -> None:
    with pytest.raises(AnsibleFilterError, match="no alarm dsik"):
        FILTERS["stage_alarms"](asdict(WHOLE), {"dsik": 1}, [])
