# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long each phase of a deploy takes, by the reports of earlier ones.

Private to this collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from ..module_utils._clock import parse_timestamp

# So many of the newest; a stage changes its size, and its database grows.
_RECENT = 5


def estimates_from(reports: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds by the phase's name, from reports, the newest first. Only deploys that went through count."""
    through = [report for report in reports if report.get("outcome") == "succeeded"][:_RECENT]
    seconds: dict[str, list[float]] = defaultdict(list)
    for report in through:
        for phase in report.get("phases") or []:
            if phase.get("end"):
                lasted = parse_timestamp(phase["end"]) - parse_timestamp(phase["start"])
                seconds[phase["name"]].append(lasted.total_seconds())
    return {name: median(measured) for name, measured in seconds.items()}
