# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch's embedded metric format: a line of a log that is also a set of metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping


def metric_line(
    *, namespace: str, stage: str, figures: Mapping[str, float], notes: Mapping[str, str], now: float
) -> str:
    """Return the line; `notes` are searched for in the log, and are no metrics. `now` is seconds since 1970.

    A figure whose name ends with `Seconds` is a time, any other one a count.
    """
    metrics = [{"Name": name, "Unit": "Seconds" if name.endswith("Seconds") else "Count"} for name in figures]
    described = [{"Namespace": namespace, "Dimensions": [["Stage"]], "Metrics": metrics}] if metrics else []
    entry = {"_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": described}, "Stage": stage}
    return json.dumps({**entry, **notes, **figures}) + "\n"
