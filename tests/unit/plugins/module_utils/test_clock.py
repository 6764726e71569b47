# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from plugins.module_utils._clock import SystemClock, parse_timestamp, timestamp

SUMMER = timezone(timedelta(hours=2))


def test_timestamps_are_utc_whatever_the_zone() -> None:
    assert timestamp(datetime(2026, 7, 1, 14, 0, 0, 123456, SUMMER)) == "2026-07-01T12:00:00.123Z"


def test_a_timestamp_reads_back() -> None:
    moment = datetime(2026, 7, 1, 12, 0, tzinfo=timezone.utc)
    assert parse_timestamp(timestamp(moment)) == moment


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_timestamp("2026-07-01T12:00:00")


def test_the_system_clock_sleeps_for_as_long_as_told() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.02)
    assert clock.monotonic() - before >= 0.02
    assert clock.now().tzinfo is timezone.utc
