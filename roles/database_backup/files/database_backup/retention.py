# SPDX-License-Identifier: GPL-3.0-or-later
"""Which dumps may go."""

from __future__ import annotations

from collections.abc import Callable

from .manifest import Manifest


def superseded(dumps: list[Manifest], *, newest: int, days: int, months: int) -> list[Manifest]:
    """Return what need not be kept of `dumps` (the newest first): all but the last `newest` dumps, and the last dump of
    each of the last `days` days and `months` months that have one. The newest is always kept.
    """
    kept = {dump.name for dump in dumps[: max(newest, 1)]}
    kept |= _last_of_each(dumps, period=lambda dump: dump.started[:10], count=days)
    kept |= _last_of_each(dumps, period=lambda dump: dump.started[:7], count=months)
    return [dump for dump in dumps if dump.name not in kept]


def _last_of_each(dumps: list[Manifest], *, period: Callable[[Manifest], str], count: int) -> set[str]:
    last: dict[str, str] = {}
    for dump in dumps:
        last.setdefault(period(dump), dump.name)
    return set(list(last.values())[:count])
