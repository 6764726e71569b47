# SPDX-License-Identifier: GPL-3.0-or-later
"""From lines to events: which lines belong together, and when they were written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

# Seconds after which an event has no more lines to come.
PATIENCE = 1.0
MOST_BYTES = 256 * 1024 - 26
CODES = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%B": r"\w+", "%b": r"\w{3}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%A": r"\w+",
    "%a": r"\w{3}", "%H": r"\d{2}", "%I": r"\d{1,2}", "%p": r"[AP]M", "%M": r"\d{1,2}", "%S": r"\d{1,2}",
    "%f": r"\d{1,6}", "%Z": r"\w{3,4}", "%z": r"[+-]\d{4}",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One entry of a log stream; `timestamp` is milliseconds since 1970."""

    timestamp: int
    message: str


class Timestamps:
    """Finds the time in a line, written as in `form`; without one there is none to be found."""

    def __init__(self, form: str | None) -> None:
        self._form = (form or "").replace("%-", "%")
        parts = re.split(r"(%.)", self._form)
        self.pattern = "".join(CODES[part] if part in CODES else re.escape(part) for part in parts)

    def find(self, line: str) -> int | None:
        """Return the milliseconds since 1970, or None. A time without a zone is UTC, one without a year this year's."""
        found = re.search(self.pattern, line) if self._form else None
        if found is None:
            return None
        try:
            moment = datetime.strptime(found[0], self._form)
        except ValueError:
            return None
        if not {"%Y", "%y"} & set(re.findall("%.", self._form)):
            moment = moment.replace(year=datetime.now(timezone.utc).year)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return round(moment.timestamp() * 1000)


class Assembler:
    """Puts lines together to events. `wall` is the time of day, in seconds since 1970."""

    def __init__(self, *, start_pattern: str | None, timestamp_format: str | None, wall: Callable[[], float]) -> None:
        self._timestamps = Timestamps(timestamp_format)
        if start_pattern == "{timestamp_format}":
            start_pattern = self._timestamps.pattern
        self._starts = re.compile(start_pattern) if start_pattern else None
        self._wall = wall
        self._lines: list[str] = []
        self._last = 0.0

    @property
    def holds_lines(self) -> bool:
        """Whether lines have been taken that no event has been given for."""
        return bool(self._lines)

    def take(self, line: str, now: float) -> list[Event]:
        """Take a line that was read at `now`; return the event that it ends."""
        begins = self._starts is None or self._starts.search(line) is not None
        done = self.flush() if begins else []
        self._lines.append(line)
        self._last = now
        return done

    def idle(self, now: float) -> list[Event]:
        """Return the event whose last line has been there for long enough."""
        waits = self._starts is not None and now - self._last < PATIENCE
        return [] if waits else self.flush()

    def flush(self) -> list[Event]:
        """Return what is there as an event. An empty line alone is none: CloudWatch Logs refuses it."""
        lines, self._lines = self._lines, []
        message = "\n".join(lines)
        if not message.strip():
            return []
        timestamp = self._timestamps.find(lines[0])
        whole = message.encode()[:MOST_BYTES].decode(errors="ignore")
        return [Event(timestamp if timestamp is not None else round(self._wall() * 1000), whole)]
