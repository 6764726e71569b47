# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Count what an nginx access log of JSON lines holds, so that the counts of several hosts can be added up.

Requests are counted by slices of time, and in each by status and by a fixed bucket of the time they took. Buckets add
up across slices and hosts, which percentiles would not.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

from ._clock import parse_timestamp, timestamp

# Upper ends of the buckets, in seconds: from 1 ms to 1000 s, each 12 % above the one before.
_PER_DECADE = 20
BOUNDS = tuple(round(10 ** (step / _PER_DECADE - 3), 6) for step in range(6 * _PER_DECADE + 1))
# Who connects for a host's own requests: a release that proves itself is no visitor. What a load balancer passes on is
# a visitor's, even if it was asked from its own machine, as that of a local stage is.
_OWN_PEERS = ("127.0.0.1", "::1", "unix:")
# A line is written when its request ends, but by several processes: the lines' order is that of time but for a moment.
_DISORDER = timedelta(seconds=5)


@dataclass(frozen=True)
class Request:
    """One line of the log: when the request ended, what was answered, how long it took, and who had connected."""

    at: datetime
    status: int
    seconds: float
    peer: str


@dataclass
class Slice:
    """The requests of one span of time: how many by status, and by the index of their bucket in BOUNDS."""

    statuses: Counter[int] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, other: Slice) -> None:
        """Count what another has counted, too."""
        self.statuses.update(other.statuses)
        self.buckets.update(other.buckets)

    @property
    def count(self) -> int:
        """All requests."""
        return sum(self.statuses.values())

    def percentile(self, percent: float) -> float | None:
        """Seconds that so many of the requests have not exceeded, as their bucket's upper end; None of no request."""
        wanted = max(math.ceil(sum(self.buckets.values()) * percent / 100), 1)
        seen = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= wanted:
                return BOUNDS[index]
        return None

    def as_dict(self) -> dict[str, dict[str, int]]:
        """As JSON knows it, where every key is text."""
        return {
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "buckets": {str(index): count for index, count in sorted(self.buckets.items())},
        }


def slice_from(content: dict[str, Any]) -> Slice:
    """The inverse of `Slice.as_dict`."""
    return Slice(
        statuses=Counter({int(status): int(count) for status, count in content["statuses"].items()}),
        buckets=Counter({int(index): int(count) for index, count in content["buckets"].items()}),
    )


def count(log: Path, *, since: datetime, until: datetime, seconds: int) -> list[dict[str, Any]]:
    """The requests that ended from `since` to `until`, by slices of so many seconds; empty slices are left out.

    Reads the log and, for what is not in it any more, the one that logrotate has renamed last. Raises OSError.
    """
    slices: dict[datetime, Slice] = {}
    for request in _requests(log, since=since):
        if since <= request.at <= until and request.peer not in _OWN_PEERS:
            into = slices.setdefault(_beginning(request.at, seconds), Slice())
            into.statuses[request.status] += 1
            into.buckets[bucket_of(request.seconds)] += 1
    return [{"at": timestamp(at), **slices[at].as_dict()} for at in sorted(slices)]


def bucket_of(seconds: float) -> int:
    """The index of the first bucket that `seconds` fit in; what is longer than all is in the last."""
    return next((index for index, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS) - 1)


def parse(line: bytes) -> Request | None:
    """One line of the log; None if it is none, like the half of one that is just being written."""
    try:
        content = json.loads(line)
        return Request(
            at=parse_timestamp(content["time"]),
            status=int(content["status"]),
            seconds=float(content["seconds"]),
            # Lines of before the first converged deploy have no peer.
            peer=str(content.get("peer") or content["client"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _beginning(at: datetime, seconds: int) -> datetime:
    passed = int(at.timestamp())
    return datetime.fromtimestamp(passed - passed % seconds, timezone.utc)


def _requests(log: Path, *, since: datetime) -> Iterator[Request]:
    renamed = log.with_name(f"{log.name}.1")
    with log.open("rb") as current:
        first = next(_parsed(current), None)
        if renamed.exists() and (first is None or first.at > since):
            with renamed.open("rb") as older:
                yield from _from(older, since)
        yield from _from(current, since)


def _from(file: BinaryIO, since: datetime) -> Iterator[Request]:
    """The requests from about `since` on. A log of a day is not read for its last minutes."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        request = next(_parsed(file), None)
        if request is not None and request.at < since - _DISORDER:
            low = middle + 1
        else:
            high = middle
    # The line that `low` is in the middle of is too old, unless it is the first.
    file.seek(low)
    if low:
        file.readline()
    return _parsed(file)


def _parsed(lines: Iterable[bytes]) -> Iterator[Request]:
    return (request for request in map(parse, lines) if request is not None)
