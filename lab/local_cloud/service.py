# SPDX-License-Identifier: GPL-3.0-or-later
"""What every service of the local cloud offers to the control plane, and how it listens to moto."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol


class Service(Protocol):
    """A part of the local cloud that acts in the real world on what moto's backends decide."""

    def install(self) -> None:
        """Hook into moto's classes; called once, before the first request."""

    def after_replay(self) -> None:
        """Adopt what still runs and correct what differs; called once, when the journal has been replayed."""

    def tick(self) -> None:
        """Follow the real world (health, deadlines); called every quarter of a second under `World.lock`."""

    def close(self) -> None:
        """Remove everything the service has started (`down`)."""


class World:
    """The control plane's clock and lock. While the journal is replayed, time is the journal's and nothing may act."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.replaying = False
        self.replay_time = 0.0

    def now(self) -> float:
        """Seconds since the epoch: now, or when the request that is being replayed was first made."""
        return self.replay_time if self.replaying else time.time()


def after(owner: type, names: Iterable[str], listener: Callable[..., None]) -> None:
    """Call `listener(name, backend, result, args, kwargs)` after each of `owner`'s methods `names` has succeeded."""

    def wrap(name: str) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(backend: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(backend, *args, **kwargs)
            listener(name, backend, result, args, kwargs)
            return result

        setattr(owner, name, method)

    for name in names:
        wrap(name)
