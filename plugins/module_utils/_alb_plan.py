# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which calls bring a load balancer target into or out of rotation: pure decisions, no AWS.

Private to this collection. The states and reasons are those of DescribeTargetHealth
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

# `unused` has several meanings; only this one says that the target is absent from the group.
NOT_REGISTERED = "Target.NotRegistered"


class Step(Enum):
    """A call to make."""

    NONE = "none"
    REGISTER = "register"
    DEREGISTER = "deregister"


class RotationRefusedError(Exception):
    """Leaving would leave too few targets in service."""


@dataclass(frozen=True)
class Target:
    """One instance at one port (an instance may be registered at several)."""

    id: str
    port: int

    def __str__(self) -> str:
        return f"{self.id}:{self.port}"


@dataclass(frozen=True)
class TargetHealth:
    """What the load balancer thinks of a target."""

    target: Target
    state: str
    reason: str = ""
    description: str = ""

    @property
    def healthy(self) -> bool:
        """Whether the load balancer routes requests here because its checks pass."""
        return self.state == "healthy"

    @property
    def recovering(self) -> bool:
        """Whether the load balancer asks the target, and may yet call it healthy."""
        return self.state in ("initial", "unhealthy", "unavailable")

    @property
    def registered(self) -> bool:
        """Whether the target belongs to the group. A draining target no longer does."""
        if self.state == "unused":
            return self.reason not in ("", NOT_REGISTERED)
        return self.state != "draining"

    def __str__(self) -> str:
        """For example `unhealthy (Target.Timeout: Request timed out)`."""
        details = ": ".join(part for part in (self.reason, self.description) if part)
        return f"{self.state} ({details})" if details else self.state


def absent(target: Target) -> TargetHealth:
    """The health of a target that the group does not list."""
    return TargetHealth(target=target, state="unused", reason=NOT_REGISTERED)


def plan_join(health: TargetHealth) -> Step:
    """The call that brings the target towards `healthy`.

    A draining target is registered at once: there is nothing to gain from waiting out its delay, during which the fleet
    would be one host short. Every other registered target only needs time.
    """
    return Step.NONE if health.registered else Step.REGISTER


def plan_leave(*, health: TargetHealth, others: Sequence[TargetHealth], minimum: int) -> Step:
    """The call that takes the target out of rotation.

    A target that is not healthy may always leave: it adds nothing to the fleet's capacity, and a broken host must be
    open to repair even when all its siblings are broken too.
    Raises RotationRefusedError when fewer than `minimum` healthy others would remain.
    """
    if not health.registered:
        return Step.NONE
    healthy = [other for other in others if other.healthy]
    if health.healthy and len(healthy) < minimum:
        raise RotationRefusedError(_refusal(health=health, others=others, healthy=len(healthy), minimum=minimum))
    return Step.DEREGISTER


def _refusal(*, health: TargetHealth, others: Sequence[TargetHealth], healthy: int, minimum: int) -> str:
    unwell = [f"{other.target} is {other}" for other in others if not other.healthy]
    listing = "; ".join(unwell) if unwell else "the group has no other target"
    return (
        f"{health.target} stays in rotation: without it {healthy} healthy target(s) would serve, "
        f"and at least {minimum} must. Not healthy: {listing}. "
        "Repair those hosts first (`make status STAGE=<stage>` shows what is wrong, `make configure STAGE=<stage>` "
        "converges them), then run the same command again."
    )
