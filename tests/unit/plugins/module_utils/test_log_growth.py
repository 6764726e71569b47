# SPDX-License-Identifier: GPL-3.0-or-later
"""A log is calm when a span has brought few enough lines; waiting for that ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.log_growth import wait_for_calm

from tests.unit.plugins.module_utils.fake_clock import FakeClock


class Writing(FakeClock):
    """A clock in whose spans a log gains lines."""

    def __init__(self, log: Path, gains: list[int]) -> None:
        super().__init__()
        self._log, self._gains = log, gains

    def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        super().sleep(seconds)
        with self._log.open("a", encoding="ascii") as log:
            log.write("line\n" * self._gains.pop(0))


@pytest.mark.parametrize(
    ("gains", "expected"),
    [([0], (0, True)), ([9, 4, 1], (1, True)), ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], (5, False))],
)
def test_waits_until_few_come_or_the_time_is_up(tmp_path: Path, gains: list[int], expected: tuple[int, bool]) -> None:
    log = tmp_path / "stragglers.log"
    growth = wait_for_calm(log, seconds=60, at_most=1, timeout=300, clock=Writing(log, gains))
    assert tuple(growth) == expected
