# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a registered target, as DescribeTargetHealth tells it: pure functions of what is seen and of the time.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from .model import Fleet, HealthCheck, Registration, TargetGroup

Key = tuple[str, str, int]


class State(Enum):
    """A target's state while it can get traffic, or still has some."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


class Mode(Enum):
    """What HAProxy is to do with a target."""

    SERVE = "serve"  # check it, and send requests while it is healthy
    REST = "rest"  # neither
    DRAIN = "drain"  # let the requests that it has end, send no more
    LEAVE = "leave"  # cut what is left, forget it


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What HAProxy's checks say: `health` is 0 until one passes after the beginning; `status` is like `L7STS`."""

    up: bool
    health: int
    status: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target. Times are seconds since the epoch; `beginning` counts how often it has gone back to `initial`."""

    registration: Registration
    active: bool  # its instance runs and a listener uses its group
    state: State = State.INITIAL
    since: float = 0.0
    beginning: int = 0
    seen: Seen = Seen(up=False, health=0)
    stops_at: float = 0.0  # while draining: no new requests from here on
    gone_at: float = 0.0  # while draining: no requests at all from here on

    def begin(self, *, now: float) -> Target:
        """Go back to `initial`: checks decide again."""
        return replace(
            self, state=State.INITIAL, since=now, beginning=self.beginning + 1, seen=Seen(up=False, health=0)
        )

    def deregister(self, *, now: float, lag: float, delay: float) -> Target:
        """Drain: for `lag` seconds requests still arrive, then those in flight have `delay` seconds to end."""
        return replace(self, state=State.DRAINING, since=now, stops_at=now + lag, gone_at=now + lag + delay)

    def observe(self, seen: Seen, check: HealthCheck, *, now: float) -> Target:
        """Follow HAProxy's checks.

        One passed check ends `initial`, whatever the healthy threshold; after that, the thresholds decide, and HAProxy
        counts them. A target that passes none within the unhealthy threshold becomes `unhealthy`.
        """
        if self.state is State.DRAINING or not self.active:
            return self
        if self.state is not State.INITIAL:
            state = State.HEALTHY if seen.up else State.UNHEALTHY
        elif seen.up or seen.health > 0:
            state = State.HEALTHY
        elif now - self.since >= check.interval * check.unhealthy_threshold:
            state = State.UNHEALTHY
        else:
            state = State.INITIAL
        return replace(self, state=state, seen=seen)

    def mode(self, *, now: float) -> Mode:
        """Return what HAProxy is to do with the target now."""
        if self.state is State.DRAINING:
            if now >= self.gone_at:
                return Mode.LEAVE
            return Mode.DRAIN if now >= self.stops_at or not self.active else Mode.SERVE
        return Mode.SERVE if self.active else Mode.REST


@dataclass(frozen=True, kw_only=True)
class Health:
    """A target's health in ELBv2's words."""

    state: str
    reason: str | None = None
    description: str | None = None


NOT_REGISTERED = Health(
    state="unused", reason="Target.NotRegistered", description="Target is not registered to the target group"
)


def health(target: Target, group: TargetGroup) -> Health:
    """Return what DescribeTargetHealth says of the target."""
    if target.state is State.DRAINING:
        return Health(
            state="draining",
            reason="Target.DeregistrationInProgress",
            description="Target deregistration is in progress",
        )
    if not group.used:
        return Health(
            state="unused",
            reason="Target.NotInUse",
            description="Target group is not configured to receive traffic from the load balancer",
        )
    if not target.registration.running:
        return Health(state="unused", reason="Target.InvalidState", description="Target is not in the running state")
    if target.state is State.INITIAL:
        return Health(
            state="initial", reason="Elb.InitialHealthChecking", description="Initial health checks in progress"
        )
    return Health(state="healthy") if target.state is State.HEALTHY else _unhealthy(target.seen)


def _unhealthy(seen: Seen) -> Health:
    if seen.status == "L7STS":
        codes = f"Health checks failed with these codes: [{seen.code}]"
        return Health(state="unhealthy", reason="Target.ResponseCodeMismatch", description=codes)
    if seen.status.endswith("TOUT"):
        return Health(state="unhealthy", reason="Target.Timeout", description="Request timed out")
    return Health(state="unhealthy", reason="Target.FailedHealthChecks", description="Health checks failed")


def follow(targets: dict[Key, Target], fleet: Fleet, *, now: float, lag: float) -> dict[Key, Target]:
    """Return the targets after a change of the fleet.

    New ones, ones that come back while they drain, and ones whose instance starts again are `initial`; ones that are
    no longer registered drain; those of a deleted group are forgotten.
    """
    groups = {group.arn: group for group in fleet.groups}
    registered = {registration.key: registration for registration in fleet.registrations}
    following: dict[Key, Target] = {}
    for key, target in targets.items():
        if key[0] not in groups:
            continue
        if key in registered or target.state is State.DRAINING:
            following[key] = target
        else:
            following[key] = target.deregister(now=now, lag=lag, delay=groups[key[0]].deregistration_delay)
    for key, registration in registered.items():
        active = registration.running and groups[key[0]].used
        known = following.get(key)
        if known is None:
            following[key] = Target(registration=registration, active=active, since=now)
        else:
            begins = known.state is State.DRAINING or (active and not known.active)
            current = replace(known, registration=registration, active=active)
            following[key] = current.begin(now=now) if begins else current
    return following
