# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that tests turn by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class FakeClock:
    """Sleeping takes no time; `elapsed` tells the seconds that would have passed since 2026-01-31 12:00 UTC."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def now(self) -> datetime:
        return datetime(2026, 1, 31, 12, tzinfo=timezone.utc) + timedelta(seconds=self.elapsed)

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
