# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage for the tests of its alarms and its dashboard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plugins.module_utils.monitoring.alarms import Stage

WHOLE = Stage(
    name="test",
    path="amy/test",
    load_balancer_arn="arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/amy-test/0123456789abcdef",
    target_group_arn="arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/amy-test-web/fedcba9876543210",
    certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1",
    hosts={"web1": "i-1", "redis1": "i-2"},
    filesystem="ext4",
    has_figures=True,
    has_queues=True,
    database="amy-test",
    has_redis=True,
    file_system_id="fs-1",
    mounts=4,
)
# Neither an agent nor figures nor shared files, and an external database.
BARE = replace(WHOLE, hosts={}, has_figures=False, database="", file_system_id="", mounts=0)


def dimensions(described: dict[str, Any]) -> dict[str, str]:
    """The dimensions of an alarm or of a metric in it, by name."""
    return {dimension["Name"]: dimension["Value"] for dimension in described["Dimensions"]}
