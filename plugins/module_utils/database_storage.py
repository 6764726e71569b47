# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much storage an RDS instance has left. Only CloudWatch knows: the server itself does not tell its clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import _aws_client as aws

# RDS reports every minute, and sometimes late.
WINDOW = timedelta(minutes=15)
DENIED = "Allow it cloudwatch:GetMetricStatistics."


def free_bytes(client: Any, *, instance: str, now: datetime) -> int | None:
    """Return the bytes that `instance` had left when it last reported; None if it has not, or is not RDS's.

    `client` is boto3's for CloudWatch. Raises AwsError.
    """
    with aws.translated(
        doing=f"ask CloudWatch how much storage {instance} has left",
        remedies={"AccessDenied": DENIED, "AccessDeniedException": DENIED},
    ):
        answer = client.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="FreeStorageSpace",
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": instance}],
            StartTime=now - WINDOW,
            EndTime=now,
            Period=60,
            Statistics=["Minimum"],
        )
    reports = sorted(answer["Datapoints"], key=lambda report: report["Timestamp"])
    return int(reports[-1]["Minimum"]) if reports else None
