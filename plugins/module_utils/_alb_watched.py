# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The load balancer's API for a wait that is shown on a terminal.

Private to this collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ._alb_plan import Target, TargetHealth, absent
from ._alb_rotation import TargetApi


class GroupApi(TargetApi, Protocol):
    """An API that knows the whole group, too."""

    def health(self) -> list[TargetHealth]:
        """Every target of the group, the draining ones included."""


class WatchedApi:
    """Asks for the whole group instead of its one target, with as many calls, and tells what it has seen."""

    def __init__(self, api: GroupApi, *, tell: Callable[[str], None]) -> None:
        self._api = api
        self._tell = tell
        self.register = api.register
        self.deregister = api.deregister

    def health_of(self, target: Target) -> TargetHealth:
        """See `TargetApi.health_of`."""
        group = self._api.health()
        health = next((found for found in group if found.target == target), absent(target))
        registered = [found for found in group if found.registered]
        healthy = sum(found.healthy for found in registered)
        self._tell(f"{health.state}, {healthy} of {len(registered)} healthy")
        return health
