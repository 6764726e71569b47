# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups may go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .manifest import Manifest

M = TypeVar("M", bound=Manifest)


@dataclass(frozen=True)
class Keep:
    """Of what is kept: the newest backups, and the last one of each day and each month."""

    newest: int
    days: int
    months: int

    def superseded(self, backups: Sequence[M]) -> list[M]:
        """Return what need not be kept of `backups` (the newest first): all but the last `newest`, and the last one of
        each of the last `days` days and `months` months that have one. The newest is always kept.
        """
        kept = {backup.name for backup in backups[: max(self.newest, 1)]}
        kept |= _last_of_each(backups, period=lambda backup: backup.started[:10], count=self.days)
        kept |= _last_of_each(backups, period=lambda backup: backup.started[:7], count=self.months)
        return [backup for backup in backups if backup.name not in kept]


def _last_of_each(backups: Sequence[Manifest], *, period: Callable[[Manifest], str], count: int) -> set[str]:
    last: dict[str, str] = {}
    for backup in backups:
        last.setdefault(period(backup), backup.name)
    return set(list(last.values())[:count])
