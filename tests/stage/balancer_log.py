# SPDX-License-Identifier: GPL-3.0-or-later
"""What the load balancer has passed on by its own log: a witness of the report's figures, and of the load's."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.request_statistics import BOUNDS, bucket_of

from lab.load.report import Report, quantile

# HAProxy's format `httplog`: client, [beginning], frontend, backend/server, times, status, ..., "request".
LINE = re.compile(
    r"\S+ \[(?P<began>[^]]+)\] \S+ [^ /]+/(?P<server>\S+) [-\d/]+/(?P<lasted>\d+) (?P<status>\d+) "
    r'.*"\S+ (?P<path>/\S*) \S+"'
)
NO_SERVER = "<NOSRV>"
# nginx writes whole seconds, and is done with an answer before the load balancer is.
EDGE = timedelta(seconds=1)
# How much longer than nginx the load balancer may have had to do with half of the requests, on a busy machine.
DETOUR = 0.05
SERVER_ERROR = 500
# A deploy asks both health checks of the local stage when it proves the site; only this one has no other client.
PROOF, PATHS_OF_A_PROOF = "/version/", 2


@dataclass(frozen=True)
class Exchange:
    """A request that a host was asked, by the load balancer's clock and eyes."""

    ended: datetime
    seconds: float
    status: int
    path: str


@dataclass(frozen=True)
class Window:
    """A time from `begin` on, until before `end`."""

    begin: datetime
    end: datetime

    def of(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        """Those that ended within it."""
        return [exchange for exchange in exchanges if self.begin <= exchange.ended < self.end]

    def at_edges(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        """Those that another clock may have seen on the other side of an edge."""
        edges = (self.begin, self.end)
        return [exchange for exchange in exchanges if min(abs(exchange.ended - edge) for edge in edges) <= EDGE]


def read(log: Path) -> list[Exchange]:
    """Return what hosts were asked, in the log's order."""
    return list(parse(log.read_text().splitlines()))


def parse(lines: Iterable[str]) -> Iterator[Exchange]:
    """Yield what hosts were asked; HAProxy tells of its servers' health in between."""
    for line in lines:
        found = LINE.match(line)
        if found and found["server"] != NO_SERVER:
            # HAProxy writes this machine's time of day.
            began = datetime.strptime(found["began"], "%d/%b/%Y:%H:%M:%S.%f").astimezone()
            seconds = int(found["lasted"]) / 1000
            yield Exchange(began + timedelta(seconds=seconds), seconds, int(found["status"]), found["path"])


def of_load(exchanges: Iterable[Exchange], load: Report) -> int:
    """Return how many requests came from the load: exact, as only a deploy that proves the site asks meanwhile."""
    begin, end = (datetime.fromisoformat(moment) for moment in (load.started, load.finished))
    meanwhile = Window(begin, end + EDGE).of(exchanges)
    proofs = sum(exchange.path == PROOF for exchange in meanwhile)
    return len(meanwhile) - PATHS_OF_A_PROOF * proofs


def contradictions(report: Mapping[str, Any], exchanges: list[Exchange]) -> list[str]:
    """Return where a deploy's report.json is further from the log than the requests at the edges of its windows allow.

    Inside a window, counts are exact. The deploy must have rolled its web hosts.
    """
    return [*_during(report, exchanges), *_slices(report["requests"], exchanges)]


def _during(report: Mapping[str, Any], exchanges: list[Exchange]) -> Iterator[str]:
    """By status, and the median, while hosts were out of rotation; the slices on the edges are part of it."""
    requests = report["requests"]
    spans = [host for host in report["hosts"] if host["out_of_service_start"]]
    first = min(_moment(host["out_of_service_start"]) for host in spans)
    last = max(_moment(host["out_of_service_end"]) for host in spans)
    length = timedelta(seconds=requests["slice_seconds"])
    window = Window(_slice_of(first, length), _slice_of(last, length) + length)
    seen, unsure = window.of(exchanges), window.at_edges(exchanges)
    reported = {int(status): count for status, count in requests["during"]["statuses"].items()}
    statuses, doubts = (Counter(exchange.status for exchange in those) for those in (seen, unsure))
    for status in sorted(reported.keys() | statuses.keys()):
        yield from _compare(f"during, status {status}", reported.get(status, 0), statuses[status], doubts[status])
    yield from _median(requests["during"]["p50"], seen, doubt=len(unsure))


def _slices(requests: Mapping[str, Any], exchanges: list[Exchange]) -> Iterator[str]:
    """All that was counted, but for the first slice, which may have begun before, and the last, which had not ended."""
    first, *whole, last = requests["slices"]
    window = Window(_moment(first["at"]) + timedelta(seconds=requests["slice_seconds"]), _moment(last["at"]))
    seen, unsure = window.of(exchanges), window.at_edges(exchanges)
    yield from _compare("all slices", sum(item["count"] for item in whole), len(seen), len(unsure))
    yield from _compare("errors", sum(item["errors"] for item in whole), _errors(seen), _errors(unsure))


def _compare(what: str, reported: int, seen: int, doubt: int) -> Iterator[str]:
    if abs(reported - seen) > doubt:
        yield f"{what}: {reported} by the report, {seen} by the load balancer, {doubt} at the edges"


def _median(reported: float | None, seen: list[Exchange], *, doubt: int) -> Iterator[str]:
    ordered = sorted(exchange.seconds for exchange in seen)
    share = doubt / len(ordered) if ordered else 0
    low, high = quantile(ordered, max(0.5 - share, 0)), quantile(ordered, min(0.5 + share, 1))
    # The report knows the upper end of a bucket.
    if reported is None or not low - DETOUR <= reported <= BOUNDS[bucket_of(high)]:
        yield f"p50: {reported} s by the report, {low} to {high} s by the load balancer"


def _errors(exchanges: Iterable[Exchange]) -> int:
    return sum(exchange.status >= SERVER_ERROR for exchange in exchanges)


def _slice_of(moment: datetime, length: timedelta) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % length.total_seconds())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def latest_report(reports: Path) -> dict[str, Any]:
    """Return the report.json of a stage's last deploy."""
    report: dict[str, Any] = json.loads((reports / "latest/report.json").read_text())
    return report
