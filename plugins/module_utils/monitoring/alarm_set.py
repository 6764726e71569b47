# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All alarms whose names have one beginning: compared with those that are wanted, put, and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Alarm = Mapping[str, Any]
# What PutMetricAlarm takes, and DescribeAlarms returns among other things.
COMPARED = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
    "Unit",
)
# DeleteAlarms takes no more names at once.
MOST_DELETED = 100


@dataclass(frozen=True)
class Plan:
    """What to do, and for people: the alarms that differ before and after, by name."""

    put: list[Alarm]
    delete: list[str]
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.put or self.delete)


def plan(current: Iterable[Alarm], wanted: Sequence[Alarm]) -> Plan:
    """Compare the alarms that are there, as DescribeAlarms returns them, with those `wanted`."""
    there = {alarm["AlarmName"]: comparable(alarm) for alarm in current}
    asked = {alarm["AlarmName"]: comparable(alarm) for alarm in wanted}
    put = [alarm for alarm in wanted if there.get(alarm["AlarmName"]) != asked[alarm["AlarmName"]]]
    delete = sorted(there.keys() - asked.keys())
    touched = sorted({*(alarm["AlarmName"] for alarm in put), *delete})
    return Plan(
        put=put,
        delete=delete,
        before={name: there[name] for name in touched if name in there},
        after={name: asked[name] for name in touched if name in asked},
    )


def comparable(alarm: Alarm) -> dict[str, Any]:
    """Return what makes two alarms the same: no state, no times, nothing empty, and no order where there is none."""
    return {key: _sorted(alarm[key]) for key in COMPARED if alarm.get(key) not in (None, [], "")}


class Alarms:
    """The alarms below `prefix`; `client` is boto3's for CloudWatch. Its errors go through."""

    def __init__(self, client: Any, *, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def current(self) -> list[Alarm]:
        """Those that are there."""
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=self._prefix, AlarmTypes=["MetricAlarm"]
        )
        return [alarm for page in pages for alarm in page["MetricAlarms"]]

    def carry_out(self, planned: Plan, *, tags: Mapping[str, str]) -> None:
        """Put and delete. CloudWatch takes `tags` for alarms that are new, and passes over them for others."""
        labels = [{"Key": key, "Value": value} for key, value in tags.items()]
        for alarm in planned.put:
            self._client.put_metric_alarm(**alarm, **({"Tags": labels} if labels else {}))
        for start in range(0, len(planned.delete), MOST_DELETED):
            self._client.delete_alarms(AlarmNames=planned.delete[start : start + MOST_DELETED])


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=repr)
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value) if value[key] not in (None, [], "")}
    return value
