# SPDX-License-Identifier: GPL-3.0-or-later
"""What the load balancers are to do: plain values, free of moto and of HAProxy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """How a target group's targets are checked. Times are seconds."""

    protocol: str
    port: int | None  # None: the port that traffic goes to
    path: str
    codes: str  # "200", "200,301", "200-299"
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """A target group. Times are seconds; `idle_timeout` is that of the load balancer that uses it."""

    arn: str
    name: str
    protocol: str
    algorithm: str
    check: HealthCheck
    deregistration_delay: float
    idle_timeout: int
    used: bool  # whether a listener forwards to it

    @property
    def key(self) -> str:
        """The group's name in HAProxy: a group that is deleted and created again under its old name gets another."""
        return f"{self.name}.{self.arn.rpartition('/')[2][:8]}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a listener does with the requests that meet all `conditions`; the default rule has none."""

    conditions: tuple[dict[str, Any], ...]
    action: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listener; `rules` are in the order in which they are tried, the default rule last."""

    port: int
    protocol: str
    rules: tuple[Rule, ...]
    certificates: tuple[Path, ...] = ()  # the default certificate first
    security_policy: str = ""


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer; `attributes` are ELBv2's."""

    name: str
    addresses: tuple[str, ...]
    listeners: tuple[Listener, ...]
    attributes: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A target as it is registered; `running` is false while its instance is not in the state `running`."""

    group: str  # ARN
    id: str
    port: int
    address: str
    running: bool = True

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells targets apart: the group's ARN, the id and the port."""
        return self.group, self.id, self.port


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All load balancers, target groups and registered targets."""

    balancers: tuple[LoadBalancer, ...] = ()
    groups: tuple[TargetGroup, ...] = ()
    registrations: tuple[Registration, ...] = ()
