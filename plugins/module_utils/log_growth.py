# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many lines a log gains in a time: a measure of who still comes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ._clock import Clock


class Growth(NamedTuple):
    """How many lines were written in the last span, and whether that was few enough."""

    lines: int
    reached: bool


def wait_for_calm(path: Path, *, seconds: float, at_most: int, timeout: float, clock: Clock) -> Growth:
    """Wait until `path` has gained at most `at_most` lines in `seconds` seconds; `timeout` seconds at the longest."""
    began = clock.monotonic()
    while True:
        before = _lines(path)
        clock.sleep(seconds)
        gained = max(0, _lines(path) - before)
        if gained <= at_most or clock.monotonic() - began + seconds > timeout:
            return Growth(lines=gained, reached=gained <= at_most)


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
