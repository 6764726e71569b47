# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer service: what moto's ELBv2 decides, HAProxy does; what HAProxy sees, DescribeTargetHealth says."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend
from moto.ec2.models import EC2Backend
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus

from lab.local_cloud import network
from lab.local_cloud.service import World, after
from lab.local_cloud.settings import Settings

from . import config, runtime, view
from .config import Files, Server
from .model import Fleet, TargetGroup
from .process import Haproxy
from .targets import NOT_REGISTERED, Health, Key, Mode, State, Target, follow, health

log = logging.getLogger(__name__)

_STRUCTURE = (
    "delete_load_balancer create_listener modify_listener delete_listener create_rule modify_rule delete_rule"
    " set_rule_priorities create_target_group modify_target_group delete_target_group modify_target_group_attributes"
    " modify_load_balancer_attributes add_listener_certificates remove_listener_certificates"
)
_TARGETS = "register_targets deregister_targets notify_terminate_instances"
_INSTANCES = "start_instances stop_instances terminate_instances"


@dataclass
class Placed:
    """A target's server in HAProxy as we left it; None: not known, to be said again."""

    backend: str
    twin_backend: str
    name: str
    beginning: int
    mode: Mode | None = None
    open: bool | None = None

    @property
    def server(self) -> str:
        """The server whose health is checked."""
        return f"{self.backend}/{self.name}"

    @property
    def twin(self) -> str:
        """The server that gets requests when no target of the group is healthy."""
        return f"{self.twin_backend}/{self.name}"


class Balancer:
    """Follows load balancers, listeners, rules, target groups and targets."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._files = Files(directory=settings.directory / "haproxy")
        self._haproxy = Haproxy(self._files)
        self._runtime = self._haproxy.runtime
        self._fleet = Fleet()
        self._targets: dict[Key, Target] = {}
        self._placed: dict[Key, Placed] = {}
        self._skeleton = ""

    def install(self) -> None:
        """Listen to ELBv2, to what EC2 does with instances and ACM with certificates; answer for target health."""
        after(ELBv2Backend, ["create_load_balancer"], self._give_address)
        after(ELBv2Backend, (_STRUCTURE + " " + _TARGETS).split(), self._changed)
        after(EC2Backend, _INSTANCES.split(), self._changed)
        after(AWSCertificateManagerBackend, ["import_certificate"], self._changed)

        def describe_target_health(backend: Any, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
            with self._world.lock:
                return self._describe(backend, target_group_arn, targets)

        ELBv2Backend.describe_target_health = describe_target_health

    def after_replay(self) -> None:
        """Adopt the HAProxy that still runs, with the health that it knows."""
        self._follow()
        if self._haproxy.master() is not None:
            self._configure_addresses()
            self._adopt()
        self.tick()

    def tick(self) -> None:
        """Follow moto, whose instances also change by themselves, and the checks; do what is due; revive HAProxy."""
        self._follow()
        if self._skeleton and self._haproxy.master() is None:
            self._forget_haproxy()
        self._load()
        if self._skeleton:
            self._place()
            self._observe()

    def close(self) -> None:
        """End HAProxy."""
        self._haproxy.stop()

    # -- what moto has decided

    def _give_address(self, _name: str, backend: Any, balancer: Any, *_: Any) -> None:
        """Two attributes are added to moto's load balancer: `local_address`, and `bridge_address` (None: no bridge)."""
        others = {
            other.local_address
            for b in view.backends()
            for other in b.load_balancers.values()
            if hasattr(other, "local_address")
        }
        address: IPv4Address = self._settings.first_load_balancer
        while address in others:
            address += 1
        bridged = self._settings.first_bridged_load_balancer
        balancer.local_address = address
        balancer.bridge_address = bridged and bridged + (int(address) - int(self._settings.first_load_balancer))
        balancer.activate()
        self._changed()

    def _changed(self, *_: Any) -> None:
        if self._world.replaying:  # what HAProxy does now must not follow what was said long ago
            self._follow()
        else:
            self.tick()

    def _follow(self) -> None:
        fleet = view.fleet(self._files.directory / "certificates")
        if fleet != self._fleet:
            self._fleet = fleet
            self._targets = follow(self._targets, fleet, now=self._world.now(), lag=self._settings.deregistration_lag)

    def _describe(self, backend: Any, arn: str, wanted: list[dict[str, Any]]) -> list[Any]:
        if arn not in backend.target_groups:
            raise TargetGroupNotFoundError
        self.tick()
        group = self._groups()[arn]
        known = [target for key, target in self._targets.items() if key[0] == arn]
        if not wanted:
            return [_status(target, group) for target in known]
        answers = []
        for asked in wanted:
            port = int(asked["Port"]) if asked.get("Port") else None
            found = [t for t in known if t.registration.id == asked["Id"] and port in (None, t.registration.port)]
            default_port = port or int(backend.target_groups[arn].port)
            answers += [_status(target, group) for target in found] or [
                _health_status(asked["Id"], default_port, group, NOT_REGISTERED)
            ]
        return answers

    def _groups(self) -> dict[str, TargetGroup]:
        return {group.arn: group for group in self._fleet.groups}

    # -- what HAProxy does

    def _adopt(self) -> None:
        path = self._files.directory / "skeleton.cfg"
        self._skeleton = path.read_text() if path.exists() else ""
        rows = self._runtime.servers()
        groups = self._groups()
        now = self._world.now()
        for key, target in self._targets.items():
            placed = _place_of(target, groups[key[0]])
            row = rows.get((placed.backend, placed.name))
            if row is None:
                continue
            placed.mode = runtime.mode(row)
            self._placed[key] = placed
            check = groups[key[0]].check
            # Its first checks were long ago: a target that is down now must pass the healthy threshold again.
            past_initial = now - target.since >= check.interval * check.unhealthy_threshold
            if target.state is State.INITIAL and past_initial and not runtime.seen(row).up:
                self._targets[key] = target.observe(runtime.seen({**row, "check_health": "0"}), check, now=now)

    def _forget_haproxy(self) -> None:
        """HAProxy has died, and with it all health: the next one begins again with every target."""
        log.warning("HAProxy has died; starting it again")
        self._skeleton = ""
        self._placed.clear()
        now = self._world.now()
        for key, target in self._targets.items():
            if target.state is not State.DRAINING:
                self._targets[key] = target.begin(now=now)

    def _load(self) -> None:
        """Give HAProxy a new structure if it has changed; targets come and go without that."""
        skeleton = config.render(self._fleet, [], self._files)
        if skeleton == self._skeleton or not (self._skeleton or any(b.listeners for b in self._fleet.balancers)):
            return
        groups = self._groups()
        self._placed = {key: placed for key, placed in self._placed.items() if key[0] in groups}
        servers = [
            Server(group=key[0], name=placed.name, address=_address(self._targets[key]))
            for key, placed in self._placed.items()
        ]
        self._configure_addresses()
        self._haproxy.load(config.render(self._fleet, servers, self._files))
        self._skeleton = skeleton
        (self._files.directory / "skeleton.cfg").write_text(skeleton)
        for placed in self._placed.values():
            placed.open = None
            if placed.mode is not Mode.SERVE:
                placed.mode = None

    def _configure_addresses(self) -> None:
        """Put the addresses that are not loopback on the bridge; with it they go."""
        for balancer in self._fleet.balancers:
            for address in balancer.addresses:
                if not IPv4Address(address).is_loopback:
                    network.ensure_address(self._settings, address)

    def _place(self) -> None:
        """Make HAProxy do with every target what is due now."""
        groups = self._groups()
        now = self._world.now()
        for key, target in list(self._targets.items()):
            mode = target.mode(now=now)
            placed = self._placed.get(key)
            if placed is None:
                if mode is Mode.LEAVE:
                    del self._targets[key]
                elif mode is Mode.SERVE and target.state is not State.DRAINING:
                    self._add(key, target, groups[key[0]])
            elif mode is Mode.LEAVE:
                self._remove(key, placed)
            elif placed.mode is not mode or placed.beginning != target.beginning:
                self._switch(placed, mode)
                placed.mode, placed.beginning = mode, target.beginning

    def _add(self, key: Key, target: Target, group: TargetGroup) -> None:
        placed = _place_of(target, group)
        address = _address(target)
        options = f"{address} {config.server_options(group)}"
        twin_options = f"{address} {config.twin_options(group)}".rstrip()
        self._runtime.expect(f"add server {placed.server} {options}", "New server registered")
        self._runtime.expect(f"add server {placed.twin} {twin_options}", "New server registered")
        self._switch(placed, Mode.SERVE)
        placed.mode, placed.open = Mode.SERVE, False
        self._placed[key] = placed

    def _switch(self, placed: Placed, mode: Mode) -> None:
        server = placed.server
        if mode is Mode.SERVE:
            # A server that leaves maintenance as `ready` would be UP before its first check; by way of `drain` it is
            # DOWN until one has passed.
            for command in (
                f"enable health {server}",
                f"set server {server} state drain",
                f"set server {server} health down",
                f"set server {server} state ready",
            ):
                self._runtime.expect(command)
        else:
            self._runtime.expect(f"set server {server} state {'drain' if mode is Mode.DRAIN else 'maint'}")
        self._runtime.expect(f"set server {placed.twin} state maint")
        placed.open = False

    def _remove(self, key: Key, placed: Placed) -> None:
        """Cut what is left and delete the server, which HAProxy does once its last connection has closed."""
        if placed.mode is not Mode.LEAVE:
            for server in (placed.server, placed.twin):
                self._runtime.expect(f"set server {server} state maint")
                self._runtime.expect(f"shutdown sessions server {server}")
            placed.mode = Mode.LEAVE
        answers = [self._runtime.command(f"del server {server}") for server in (placed.server, placed.twin)]
        if all("deleted" in answer or "No such server" in answer for answer in answers):
            del self._placed[key]
            del self._targets[key]

    def _observe(self) -> None:
        """Follow the checks; let the unhealthy targets serve when there are no others (fail-open)."""
        rows = self._runtime.servers() if self._placed else {}
        groups = self._groups()
        for key, placed in self._placed.items():
            target = self._targets[key]
            row = rows.get((placed.backend, placed.name))
            if placed.mode is not Mode.SERVE or target.state is State.DRAINING or row is None:
                continue
            seen = runtime.seen(row)
            target = target.observe(seen, groups[key[0]].check, now=self._world.now())
            self._targets[key] = target
            if target.state is State.HEALTHY and not seen.up:
                self._runtime.expect(f"set server {placed.server} health up")
            unhealthy = target.state is State.UNHEALTHY
            if placed.open is not unhealthy:
                self._runtime.expect(f"set server {placed.twin} state {'ready' if unhealthy else 'maint'}")
                placed.open = unhealthy


def _place_of(target: Target, group: TargetGroup) -> Placed:
    registration = target.registration
    return Placed(
        backend=config.checked(group),
        twin_backend=config.fail_open(group),
        name=f"{registration.id}_{registration.port}",
        beginning=target.beginning,
    )


def _address(target: Target) -> str:
    return f"{target.registration.address}:{target.registration.port}"


def _status(target: Target, group: TargetGroup) -> Any:
    registration = target.registration
    return _health_status(registration.id, registration.port, group, health(target, group))


def _health_status(identifier: str, port: int, group: TargetGroup, told: Health) -> Any:
    check_port = str(group.check.port or port)
    return FakeHealthStatus(identifier, str(port), check_port, told.state, told.reason, told.description)
