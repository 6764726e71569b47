# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stage is watched for, for the role that has CloudWatch watch it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils.monitoring import alarms, dashboard


def stage_alarms(stage: Mapping[str, Any], thresholds: Mapping[str, float], actions: list[str]) -> list[dict[str, Any]]:
    """Return the alarms of a stage."""
    try:
        return alarms.alarms(alarms.Stage(**stage), thresholds=thresholds, actions=actions)
    except alarms.StageError as error:
        raise AnsibleFilterError(str(error)) from error


def alarm_limits(thresholds: Mapping[str, float]) -> dict[str, float]:
    """Return the threshold of each alarm."""
    try:
        return alarms.limits(thresholds)
    except alarms.StageError as error:
        raise AnsibleFilterError(str(error)) from error


def stage_dashboard(
    stage: Mapping[str, Any], region: str, log_group: str, alarm_arns: list[str], thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """Return the body of a stage's dashboard."""
    return dashboard.dashboard(
        alarms.Stage(**stage), region=region, log_group=log_group, alarms=alarm_arns, thresholds=thresholds
    )


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By their names in playbooks."""
        return {"alarm_limits": alarm_limits, "stage_alarms": stage_alarms, "stage_dashboard": stage_dashboard}
