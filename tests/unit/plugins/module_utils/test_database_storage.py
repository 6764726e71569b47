# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.stub import Stubber

from plugins.module_utils._aws_client import AwsError
from plugins.module_utils.database_storage import free_bytes


@pytest.fixture
def cloudwatch(aws: Callable[[str], Any]) -> Any:
    return aws("cloudwatch")


def report(cloudwatch: Any, *, instance: str, minutes_ago: float, free: int) -> None:
    cloudwatch.put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "FreeStorageSpace",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": instance}],
                "Timestamp": datetime.now(timezone.utc) - timedelta(minutes=minutes_ago),
                "Value": free,
            }
        ],
    )


def ask(cloudwatch: Any) -> int | None:
    found: int | None = free_bytes(cloudwatch, instance="amy-test", now=datetime.now(timezone.utc))
    return found


def test_the_last_report_of_this_instance_counts(cloudwatch: Any) -> None:
    report(cloudwatch, instance="amy-test", minutes_ago=2, free=3 << 30)
    report(cloudwatch, instance="amy-test", minutes_ago=9, free=9 << 30)
    report(cloudwatch, instance="amy-production", minutes_ago=1, free=1 << 30)
    assert ask(cloudwatch) == 3 << 30


def test_an_old_report_and_none_at_all_say_nothing(cloudwatch: Any) -> None:
    assert ask(cloudwatch) is None
    report(cloudwatch, instance="amy-test", minutes_ago=60, free=3 << 30)
    assert ask(cloudwatch) is None


def test_who_may_not_ask_is_told_which_right_is_missing(cloudwatch: Any) -> None:
    with Stubber(cloudwatch) as stubber:
        stubber.add_client_error("get_metric_statistics", "AccessDenied", "no")
        with pytest.raises(AwsError, match=r"how much storage amy-test has left: .*cloudwatch:GetMetricStatistics"):
            ask(cloudwatch)
