# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of PutLogEvents."""

from __future__ import annotations

from collections.abc import Iterator

from .events import Event

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
BYTES_PER_EVENT = 26
LONGEST_SPAN = 24 * 3600 * 1000  # milliseconds


def batches(events: list[Event]) -> Iterator[list[Event]]:
    """Give the events by their time, in parts that CloudWatch Logs takes."""
    batch: list[Event] = []
    size = 0
    for event in sorted(events, key=lambda event: event.timestamp):
        weight = len(event.message.encode()) + BYTES_PER_EVENT
        full = len(batch) == MOST_EVENTS or size + weight > MOST_BYTES
        if batch and (full or event.timestamp - batch[0].timestamp > LONGEST_SPAN):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += weight
    if batch:
        yield batch
