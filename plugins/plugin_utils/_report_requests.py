# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What visitors were answered before, during and after a deploy, from the counts of its web hosts.

Private to this collection. See M(carpentries.amy.request_statistics_info) for what a host counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..module_utils._clock import parse_timestamp, timestamp
from ..module_utils.request_statistics import Slice, slice_from

# On each side of the deploy, where there is a log of it.
COMPARED = timedelta(minutes=2)
SERVER_ERROR = 500
_NEVER_COUNTED = "it was not asked, or did not answer"


def check_counts(event: Mapping[str, Any]) -> None:
    """Raise ValueError unless `event` holds counts, or says why there are none."""
    if event.get("missing"):
        return
    try:
        for item in event["slices"]:
            parse_timestamp(item["at"])
            slice_from(item)
        timedelta(seconds=event["seconds"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"counts of requests lack {error}") from error


def request_statistics(
    counted: Mapping[str, Mapping[str, Any]], *, hosts: Iterable[str], start: str, end: str, until: str
) -> dict[str, Any]:
    """The part `requests` of report.json: `counted` are the hosts' events, and `hosts` all that should have counted.

    The deploy was felt from `start` to `end`, and requests were counted until `until`.
    """
    begin, stop = parse_timestamp(start), parse_timestamp(end)
    told = [event for event in counted.values() if not event.get("missing")]
    length = timedelta(seconds=max((event["seconds"] for event in told), default=0))
    slices = _merged(told)
    parts = {"before": Slice(), "during": Slice(), "after": Slice()}
    for at, item in slices.items():
        part = _part(at, length=length, begin=begin, stop=stop)
        if part:
            parts[part].add(item)
    lasted = {
        "before": COMPARED,
        "during": stop - begin,
        "after": min(max(parse_timestamp(until) - stop, timedelta()), COMPARED),
    }
    return {
        **{part: _summary(item, lasted=lasted[part]) for part, item in parts.items()},
        "slice_seconds": length.total_seconds(),
        "slices": [
            {"at": timestamp(at), "count": item.count, "errors": _errors(item)} for at, item in sorted(slices.items())
        ],
        "missing": [
            {"host": host, "reason": counted[host]["missing"] if host in counted else _NEVER_COUNTED}
            for host in sorted(hosts)
            if host not in counted or counted[host].get("missing")
        ],
    }


def _merged(events: Iterable[Mapping[str, Any]]) -> dict[datetime, Slice]:
    slices: dict[datetime, Slice] = {}
    for event in events:
        for item in event["slices"]:
            slices.setdefault(parse_timestamp(item["at"]), Slice()).add(slice_from(item))
    return slices


def _part(at: datetime, *, length: timedelta, begin: datetime, stop: datetime) -> str:
    """Where the slice that begins at `at` belongs; empty if it is too far away. One on an edge is of the deploy."""
    if at + length <= begin:
        return "before" if at >= begin - COMPARED else ""
    if at <= stop:
        return "during"
    return "after" if at <= stop + COMPARED else ""


def _summary(item: Slice, *, lasted: timedelta) -> dict[str, Any]:
    return {
        "seconds": round(lasted.total_seconds(), 1),
        "count": item.count,
        "statuses": item.as_dict()["statuses"],
        "p50": item.percentile(50),
        "p99": item.percentile(99),
    }


def _errors(item: Slice) -> int:
    return sum(count for status, count in item.statuses.items() if status >= SERVER_ERROR)
