# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring a load balancer target into or out of rotation, and wait until the load balancer says so.

Private to this collection. All times are seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

from ._alb_plan import RotationRefusedError, Step, Target, TargetHealth, plan_join, plan_leave
from ._clock import Clock, timestamp


class TargetApi(Protocol):
    """What is needed of the load balancer's API."""

    def health_of(self, target: Target) -> TargetHealth:
        """The target's health now."""

    def register(self, target: Target) -> None:
        """Put the target into the group."""

    def deregister(self, target: Target) -> None:
        """Take the target out of the group."""


class RotationTimeoutError(Exception):
    """The load balancer did not come to the wanted state in time."""


@dataclass(frozen=True)
class Patience:
    """How long to wait (`timeout`) and how often to ask (`interval`)."""

    timeout: float
    interval: float


@dataclass
class Rotation:
    """One target's way into or out of rotation, and its record: steps, states with their times, time spent."""

    api: TargetApi
    target: Target
    clock: Clock
    timeline: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    # When the target left (the deregistration) or was first seen healthy.
    turned_at: str = ""

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()

    @property
    def waited(self) -> float:
        """Seconds since the beginning."""
        return round(self.clock.monotonic() - self._started, 3)

    def look(self) -> TargetHealth:
        """Ask for the target's health, and note it when it is news."""
        health = self.api.health_of(self.target)
        news = {"state": health.state, "reason": health.reason, "description": health.description}
        if not self.timeline or {key: self.timeline[-1][key] for key in news} != news:
            self.timeline.append({"at": timestamp(self.clock.now()), "seconds": self.waited, **news})
        return health

    def join(self, *, patience: Patience | None) -> TargetHealth:
        """Register the target unless it is, and wait until it is healthy (without `patience`: do not wait).

        A target that reads `unused` later (its old deregistration overtook the new registration) is registered again.
        Raises RotationTimeoutError with the load balancer's own reason.
        """

        def step(health: TargetHealth) -> bool:
            # The first look may find `draining`; afterwards only `unused` proves that the registration was lost.
            lost = health.state == "unused" or not self.steps
            if lost and plan_join(health) is Step.REGISTER:
                self._perform(Step.REGISTER)
                return False
            return health.healthy

        health = self._until(step, patience=patience, wanted="healthy")
        self.turned_at = timestamp(self.clock.now())
        return health

    def leave(
        self,
        *,
        others: Callable[[], Sequence[TargetHealth]],
        minimum: int,
        propagation: float,
        patience: Patience | None,
    ) -> TargetHealth:
        """Deregister the target unless it is, then hold until requests have ceased to be routed to it.

        `others` looks at the targets that would serve without this one; those that may yet become healthy are waited
        for, as a busy host may have failed a check at this moment.
        The load balancer goes on routing for a moment after a deregistration, so `propagation` seconds pass from ours,
        or from the moment when it finds an unfinished one. A target found `unused` left long ago: no hold.
        Raises RotationRefusedError (see `plan_leave`) and RotationTimeoutError.
        """
        found, step = self._until_it_may_leave(others=others, minimum=minimum, patience=patience)
        self.turned_at = timestamp(self.clock.now())
        if step is Step.DEREGISTER:
            self._perform(step)
        hold_until = self.clock.monotonic() + (0 if found.state == "unused" and not self.steps else propagation)

        def gone(health: TargetHealth) -> bool:
            return not health.registered and self.clock.monotonic() >= hold_until

        return self._until(gone, patience=patience, wanted=f"out of rotation for {propagation:g} s")

    def _until_it_may_leave(
        self, *, others: Callable[[], Sequence[TargetHealth]], minimum: int, patience: Patience | None
    ) -> tuple[TargetHealth, Step]:
        started = self.clock.monotonic()
        while True:
            found, group = self.look(), others()
            try:
                return found, plan_leave(health=found, others=group, minimum=minimum)
            except RotationRefusedError:
                may_change = any(other.recovering for other in group)
                if not may_change or patience is None or self.clock.monotonic() - started >= patience.timeout:
                    raise
            self.clock.sleep(patience.interval)

    def _perform(self, step: Step) -> None:
        if step is Step.REGISTER:
            self.api.register(self.target)
        else:
            self.api.deregister(self.target)
        self.steps.append(step)

    def _until(self, done: Callable[[TargetHealth], bool], *, patience: Patience | None, wanted: str) -> TargetHealth:
        started = self.clock.monotonic()
        while True:
            health = self.look()
            if done(health):
                return health
            if patience is None:
                return self.look() if self.steps else health
            if self.clock.monotonic() - started >= patience.timeout:
                raise RotationTimeoutError(f"{self.target} is not {wanted} after {self.waited:g} s: it is {health}.")
            self.clock.sleep(patience.interval)


def settled(
    look: Callable[[], Sequence[TargetHealth]], *, wanted: Collection[str], patience: Patience, clock: Clock
) -> Sequence[TargetHealth]:
    """Look until no target of the instances `wanted` (ids) may yet become healthy, or the time is over.

    Returns what was seen last. A target that has left the rotation is not waited for.
    """
    started = clock.monotonic()
    while True:
        group = look()
        waiting = any(health.recovering for health in group if health.target.id in wanted)
        if not waiting or clock.monotonic() - started >= patience.timeout:
            return group
        clock.sleep(patience.interval)
