# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draw report.json's content as one self-contained page, and a page that lists them.

Private to this collection. The template holds the looks; the arithmetic of the timeline is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..module_utils._clock import parse_timestamp, timestamp
from ._report_requests import SERVER_ERROR

# Percent of the timeline; a thinner bar could not be seen or pointed at.
THINNEST_BAR = 0.3
# Deploys on the page that lists them; the folders of older ones stay.
LONGEST_INDEX = 200
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
    timeline = _timeline(report)
    requests = report["requests"]
    parts = [requests[name] for name in ("before", "during", "after")] if requests else []
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            phases=[
                (phase, timeline.bar_of(start=phase["start"], end=phase["end"], label=phase["name"], kind="phase"))
                for phase in _worked(report)
            ],
            lanes=[(host, _lane(host, timeline)) for host in report["hosts"]],
            columns=_columns(requests, timeline) if requests else [],
            statuses=sorted({status for part in parts for status in part["statuses"]}),
            ticks=[(percent, duration(timeline.seconds * percent / 100)) for percent in (0, 25, 50, 75, 100)],
            seconds=timeline.seconds,
        )
    )


def render_index(stage: str, reports: list[dict[str, Any]]) -> str:
    """The page that lists `reports`, of which the newest is the first."""
    template = _environment().get_template("report_index.html.j2")
    return template.render(stage=stage, reports=reports[:LONGEST_INDEX], count=len(reports))


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


def time_of_day(text: str) -> str:
    """A timestamp as `12:00:05`."""
    return parse_timestamp(text).strftime("%H:%M:%S")


def latency(seconds: float | None) -> str:
    """`seconds` as `79 ms` or `1.2 s`; a dash for none."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def lasted(report: dict[str, Any]) -> float:
    """Seconds from the beginning of a deploy that has ended to its end."""
    return (parse_timestamp(report["finished"]) - parse_timestamp(report["started"])).total_seconds()


def failed_requests(statuses: dict[str, int]) -> int:
    """How many of the requests with these statuses the server has failed."""
    return sum(count for status, count in statuses.items() if int(status) >= SERVER_ERROR)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for shown in (duration, clock, time_of_day, latency, lasted, failed_requests):
        environment.filters[shown.__name__] = shown
    return environment


def _columns(requests: dict[str, Any], timeline: Timeline) -> list[tuple[Bar, float, float]]:
    """A bar for each slice of time, and percent of the lane: how high it is, and how high its errors are."""
    length = timedelta(seconds=requests["slice_seconds"])
    most = max((item["count"] for item in requests["slices"]), default=1)
    columns = []
    for item in requests["slices"]:
        start = parse_timestamp(item["at"])
        if timeline.start <= start and start + length <= timeline.end:
            label = f"{time_of_day(item['at'])}: {item['count']} requests, {item['errors']} failed"
            column = timeline.bar_of(start=item["at"], end=timestamp(start + length), label=label, kind="count")
            columns.append((column, round(item["count"] / most * 100, 1), round(item["errors"] / most * 100, 1)))
    return columns


def _worked(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The phases in which a host did something. Many have hosts only in some deploys."""
    steps = [step for host in report["hosts"] for step in host["steps"]] + report["controller"]
    busy = {step["phase"] for step in steps}
    return [phase for phase in report["phases"] if phase["name"] in busy]


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
