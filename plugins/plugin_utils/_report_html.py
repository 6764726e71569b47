# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draw report.json's content as one self-contained page.

Private to this collection. The template holds the looks; the arithmetic of the timeline is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..module_utils._clock import parse_timestamp

# Percent of the timeline; a thinner bar could not be seen or pointed at.
THINNEST_BAR = 0.3
# Seconds; below, tenths matter to the reader.
_EXACT = 10


@dataclass(frozen=True)
class Bar:
    """A span on the timeline; `left` and `width` are percent of it, `seconds` its length."""

    left: float
    width: float
    seconds: float
    label: str
    kind: str


@dataclass(frozen=True)
class Timeline:
    """The deploy from its first to its last moment."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length, never zero."""
        return max((self.end - self.start).total_seconds(), 0.001)

    def bar_of(self, *, start: str, end: str | None, label: str, kind: str) -> Bar:
        """Where a span is drawn; one without an end lasts to the timeline's."""
        begin = (parse_timestamp(start) - self.start).total_seconds()
        stop = (parse_timestamp(end) - self.start).total_seconds() if end else self.seconds
        left = min(max(begin / self.seconds * 100, 0), 100 - THINNEST_BAR)
        width = min(max((stop - begin) / self.seconds * 100, THINNEST_BAR), 100 - left)
        return Bar(left=round(left, 2), width=round(width, 2), seconds=max(stop - begin, 0), label=label, kind=kind)


def render(report: dict[str, Any]) -> str:
    """The page of `report` (the content of report.json)."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    environment.filters["clock"] = clock
    timeline = _timeline(report)
    return environment.get_template("report.html.j2").render(
        report=report,
        phases=[
            (phase, timeline.bar_of(start=phase["start"], end=phase["end"], label=phase["name"], kind="phase"))
            for phase in report["phases"]
        ],
        lanes=[(host, _lane(host, timeline)) for host in report["hosts"]],
        ticks=[(percent, duration(timeline.seconds * percent / 100)) for percent in (0, 25, 50, 75, 100)],
        seconds=timeline.seconds,
    )


def duration(seconds: float) -> str:
    """`seconds` for people: `0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < _EXACT:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clock(text: str | None) -> str:
    """A timestamp as `2026-01-31 12:00:05 UTC`; a dash for none."""
    return parse_timestamp(text).strftime("%Y-%m-%d %H:%M:%S UTC") if text else "-"


def _timeline(report: dict[str, Any]) -> Timeline:
    steps = [step for host in report["hosts"] for step in host["steps"]] + report["controller"]
    spans = [*report["phases"], *steps]
    moments = [span[key] for span in spans for key in ("start", "end") if span[key]]
    moments += [report[key] for key in ("started", "finished") if report[key]]
    parsed = [parse_timestamp(moment) for moment in moments]
    return Timeline(start=min(parsed), end=max(parsed))


def _lane(host: dict[str, Any], timeline: Timeline) -> list[Bar]:
    """What is drawn of a host, background first."""
    bars = []
    if host["out_of_service_start"]:
        away = timeline.bar_of(
            start=host["out_of_service_start"], end=host["out_of_service_end"], label="out of service", kind="away"
        )
        bars.append(away)
    bars += [
        timeline.bar_of(start=step["start"], end=step["end"], label=step["name"], kind=step["status"])
        for step in host["steps"]
    ]
    return bars
