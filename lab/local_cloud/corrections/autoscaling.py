# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling: moto has no DisableMetricsCollection, which autoscaling_group calls for every group."""

from __future__ import annotations

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult


def install() -> None:
    """Add the action: without `Metrics` it ends the collection of all of them."""

    def disable_metrics_collection(self: AutoScalingResponse) -> ActionResult:
        group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        ended = self._get_param("Metrics") or list(group.metrics)
        group.metrics = [metric for metric in group.metrics if metric not in ended]
        return EmptyResult()

    AutoScalingResponse.disable_metrics_collection = disable_metrics_collection
