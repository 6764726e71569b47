# SPDX-License-Identifier: GPL-3.0-or-later
"""What a load saw. A request is `ok` when it got a correct 2xx answer, and lost in every other case."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_DETAILS = 500  # losses listed one by one; all are counted


@dataclass(kw_only=True)
class Kind:
    """The requests of one kind."""

    sent: int = 0
    ok: int = 0
    lost: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)  # seconds, from the planned start, of the ok ones

    def summary(self) -> dict[str, Any]:
        """Return the counts, and the latencies in seconds as p50, p99 and max."""
        ordered = sorted(self.latencies)
        latency = {"p50": quantile(ordered, 0.5), "p99": quantile(ordered, 0.99), "max": quantile(ordered, 1.0)}
        counts = {"sent": self.sent, "ok": self.ok, "lost": self.lost, "reasons": dict(self.reasons)}
        return counts | {"latency": latency}


@dataclass(kw_only=True)
class Report:
    """A load's result, as in its JSON file."""

    run: str
    url: str
    started: str
    finished: str
    stopped_by: str
    sent: int
    ok: int
    lost: int
    skipped: int  # not sent, because too many were unanswered: the load was not the one asked for
    reopened: int  # kept connections closed by the server while idle, and replaced
    kinds: dict[str, dict[str, Any]]
    releases: dict[str, int]  # ok answers by X-Release
    servers: dict[str, int]  # ok answers by X-Served-By
    uploads: list[str]  # acknowledged ids
    uploads_lost: list[str]  # ids sent without an acknowledgement: a row may or may not exist
    jobs: dict[str, int]  # acknowledged enqueued job ids, and the runs they are owed
    scheduled: dict[str, int]  # acknowledged scheduled job ids, and the runs they are owed
    connections: dict[str, int]  # opened, by address
    losses: list[dict[str, Any]]  # at (seconds after the start), kind, id, reason, detail

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def summary(self) -> str:
        """Return the report in a few lines for people."""
        lines = [
            f"{self.run}: sent {self.sent}, ok {self.ok}, lost {self.lost}, skipped {self.skipped}, "
            f"idle connections reopened {self.reopened} ({self.started} to {self.finished}, {self.stopped_by})"
        ]
        for name, kind in self.kinds.items():
            latency = " ".join(f"{key} {value * 1000:.0f} ms" for key, value in kind["latency"].items())
            reasons = "".join(f"; {count} x {reason}" for reason, count in kind["reasons"].items())
            lines.append(f"  {name:<9} sent {kind['sent']:>6}  lost {kind['lost']:>5}  {latency}{reasons}")
        lines.append(f"  releases {self.releases}, servers {self.servers}, connections {self.connections}")
        lines.append(
            f"  acknowledged: {len(self.uploads)} uploads, {len(self.jobs)} jobs, {len(self.scheduled)} scheduled jobs"
        )
        return "\n".join(lines)


def quantile(ordered: list[float], share: float) -> float:
    """Return the smallest value that `share` of the ordered values do not exceed; 0 when there are none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
