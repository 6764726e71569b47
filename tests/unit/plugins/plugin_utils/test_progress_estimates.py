# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from plugins.plugin_utils._progress_estimates import estimates_from


def report(seconds: int, *, outcome: str = "succeeded") -> dict[str, Any]:
    ended = {"name": "Roll", "start": "2026-01-31T12:00:00.000Z", "end": f"2026-01-31T12:00:{seconds:02}.500Z"}
    return {
        "outcome": outcome,
        "phases": [ended, {"name": "Confirm", "start": "2026-01-31T12:01:00.000Z", "end": None}],
    }


def test_the_median_of_what_went_through() -> None:
    reports = [report(10), report(1, outcome="failed"), report(30), report(20)]
    assert estimates_from(reports) == {"Roll": 20.5}


def test_old_reports_do_not_count() -> None:
    assert estimates_from([*[report(10)] * 5, *[report(50)] * 20]) == {"Roll": 10.5}


def test_without_reports_nothing_is_known() -> None:
    assert estimates_from([]) == {}
