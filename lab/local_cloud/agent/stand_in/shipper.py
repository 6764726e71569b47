# SPDX-License-Identifier: GPL-3.0-or-later
"""One log file on its way to its stream. An event counts as delivered only when CloudWatch Logs has taken it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .batches import batches
from .events import Assembler, Event
from .settings import Source
from .tail import Position, Tail

# As many events wait when CloudWatch Logs does not answer; the file keeps the rest.
MOST_WAITING = 20_000


class Sink(Protocol):
    """Where events go; raises an exception if they have not arrived."""

    def put(self, group: str, stream: str, retention_days: int | None, events: list[Event]) -> None: ...


class Shipper:
    """Reads a source and delivers it. How far it came is kept in the folder `state`, through restarts."""

    def __init__(self, source: Source, *, state: Path, sink: Sink, wall: Callable[[], float]) -> None:
        self._source = source
        self._sink = sink
        self._state = state / str(source.path).replace("/", "_")
        self._tail = Tail(source.path, self._positions())
        self._assembler = Assembler(
            start_pattern=source.start_pattern, timestamp_format=source.timestamp_format, wall=wall
        )
        self._waiting: list[Event] = []
        self._saved = ""

    def read(self, now: float) -> None:
        """Take what is new in the file."""
        if len(self._waiting) >= MOST_WAITING:
            return
        for line in self._tail.lines(now):
            self._waiting += self._assembler.take(line, now)
        self._waiting += self._assembler.idle(now)

    def finish(self) -> None:
        """Take the last event as it is: no more lines will be read."""
        self._waiting += self._assembler.flush()

    def deliver(self) -> None:
        """Send what waits, and remember how far that was. Raises what the sink raises; then the rest waits on."""
        for batch in batches(self._waiting):
            self._sink.put(self._source.group, self._source.stream, self._source.retention_days, batch)
            delivered = set(map(id, batch))
            self._waiting = [event for event in self._waiting if id(event) not in delivered]
        text = json.dumps([[position.inode, position.offset] for position in self._tail.positions])
        if text != self._saved and not self._assembler.holds_lines:
            draft = self._state.with_name(f"{self._state.name}.draft")
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._state)
            self._saved = text

    def _positions(self) -> list[Position]:
        try:
            return [Position(*numbers) for numbers in json.loads(self._state.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return []
