# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading a log group: what its streams have in common since a while ago, in the order in which it happened."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .._aws_client import translated

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_REMEDIES = {
    "ResourceNotFoundException": "No host has written to it yet, or the stage has no agent: see docs/logs.md",
}


@dataclass(frozen=True)
class Entry:
    """An event of a stream; `milliseconds` since 1970."""

    milliseconds: int
    stream: str
    message: str

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.milliseconds / 1000, timezone.utc)
        return f"{moment:%Y-%m-%d %H:%M:%S} {self.stream}: {self.message}"


def ago(text: str) -> timedelta:
    """Return how long ago `text` is: a number and s, m, h, d or w, as in 10m. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d+)([smhdw])", text.strip())
    if not found:
        raise ValueError(f"{text!r} is no time span: write a number and one of s, m, h, d, w, for example 10m or 2h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def read(client: Any, *, group: str, since: datetime, text: str, host: str, limit: int) -> tuple[list[Entry], bool]:
    """Return the last `limit` events of `group` since then that have `text` in them, and whether there were more.

    `host` is the first part of the streams' names, or empty for all. Raises AwsError.
    """
    chosen: dict[str, Any] = {"logStreamNamePrefix": f"{host}/"} if host else {}
    if text:
        chosen["filterPattern"] = _pattern(text)
    with translated(doing=f"read the log group {group}", remedies=_REMEDIES):
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=round(since.timestamp() * 1000), **chosen
        )
        found = (
            Entry(event["timestamp"], event["logStreamName"], event["message"])
            for page in pages
            for event in page["events"]
        )
        # One more than is wanted tells whether there were more.
        last = heapq.nlargest(limit + 1, (entry for entry in found if _fits(entry, text, host)), key=_time)
    return sorted(last[:limit], key=_time), len(last) > limit


def _fits(entry: Entry, text: str, host: str) -> bool:
    """AWS has chosen already, but a part of a phrase only; the local stage's API does not know prefixes of streams."""
    return text in entry.message and (not host or entry.stream.startswith(f"{host}/"))


def _time(entry: Entry) -> int:
    return entry.milliseconds


def _pattern(text: str) -> str:
    """A phrase for AWS to look for: quotation marks end one, so the longest part without any is asked for."""
    return '"' + max(text.split('"'), key=len) + '"'
