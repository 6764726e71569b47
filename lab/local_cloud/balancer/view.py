# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as moto's backends hold it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.acm.models import acm_backends
from moto.elbv2.models import elbv2_backends

from .model import Fleet, HealthCheck, Listener, LoadBalancer, Registration, Rule, TargetGroup


def backends() -> list[Any]:
    """Return the ELBv2 backends of every account and region that has been used."""
    return [backend for regions in list(elbv2_backends.values()) for backend in list(regions.values())]


def fleet(certificates: Path) -> Fleet:
    """Return the fleet; the certificates of its listeners are written to the directory `certificates`."""
    return Fleet(
        balancers=tuple(
            _balancer(backend, balancer, certificates)
            for backend in backends()
            for balancer in backend.load_balancers.values()
            if balancer.type == "application"
        ),
        groups=tuple(_group(backend, group) for backend in backends() for group in backend.target_groups.values()),
        registrations=tuple(registration for backend in backends() for registration in _registrations(backend)),
    )


def _balancer(backend: Any, balancer: Any, certificates: Path) -> LoadBalancer:
    return LoadBalancer(
        name=balancer.name,
        addresses=tuple(str(address) for address in (balancer.local_address, balancer.bridge_address) if address),
        listeners=tuple(_listener(backend, listener, certificates) for listener in balancer.listeners.values()),
        attributes={name: str(value) for name, value in balancer.attrs.items()},
    )


def _listener(backend: Any, listener: Any, certificates: Path) -> Listener:
    rules = sorted(
        (rule for rule in listener.rules.values() if not rule.is_default), key=lambda rule: int(rule.priority)
    )
    extra = [arn for arn in listener.certificates if arn != listener.certificate]
    arns = [listener.certificate, *extra] if listener.protocol == "HTTPS" else []
    return Listener(
        port=int(listener.port),
        protocol=listener.protocol,
        rules=(
            *(Rule(conditions=tuple(rule.conditions), action=rule.actions[-1].data) for rule in rules),
            Rule(conditions=(), action=listener.default_actions[-1].data),
        ),
        certificates=tuple(_certificate(backend, arn, certificates) for arn in arns),
        security_policy=listener.ssl_policy or "",
    )


def _certificate(backend: Any, arn: str, directory: Path) -> Path:
    """Write a certificate and its key for HAProxy. A renewed one gets another name, so the configuration changes."""
    bundle = acm_backends[backend.account_id][backend.region_name].get_certificate(arn)
    chain = bundle.chain if bundle.type == "IMPORTED" and bundle.chain != bundle.cert else b""
    pem = b"\n".join(part.strip() for part in (bundle.cert, chain, bundle.key) if part) + b"\n"
    path = directory / f"{arn.rpartition('/')[2]}-{hashlib.sha256(pem).hexdigest()[:8]}.pem"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(pem)
    return path


def _group(backend: Any, group: Any) -> TargetGroup:
    users = [
        balancer
        for balancer in backend.load_balancers.values()
        if any(group.arn in _forwarded(backend, listener) for listener in balancer.listeners.values())
    ]
    port = group.health_check_port
    return TargetGroup(
        arn=group.arn,
        name=group.name,
        protocol=group.protocol,
        algorithm=str(group.attributes["load_balancing.algorithm.type"]),
        check=HealthCheck(
            protocol=group.health_check_protocol,
            port=None if port in (None, "traffic-port") else int(port),
            path=group.health_check_path or "/",
            codes=group.matcher["HttpCode"],
            interval=int(group.health_check_interval_seconds),
            timeout=int(group.health_check_timeout_seconds),
            healthy_threshold=int(group.healthy_threshold_count),
            unhealthy_threshold=int(group.unhealthy_threshold_count),
        ),
        deregistration_delay=float(group.attributes["deregistration_delay.timeout_seconds"]),
        idle_timeout=int(users[0].attrs["idle_timeout.timeout_seconds"]) if users else 60,
        used=bool(users),
    )


def _forwarded(backend: Any, listener: Any) -> set[str]:
    actions = (action for rule in listener.rules.values() for action in rule.actions)
    return {arn for action in actions for arn in backend._get_target_group_arns_from(action_data=action.data)}


def _registrations(backend: Any) -> Iterator[Registration]:
    for group in backend.target_groups.values():
        for target in group.targets.values():
            instance = backend.ec2_backend.get_instance_by_id(target["Id"])
            if instance is None and target["Id"].startswith("i-"):
                continue
            if instance is not None and instance.state == "terminated":
                continue
            yield Registration(
                group=group.arn,
                id=target["Id"],
                port=int(target["Port"]),
                address=instance.private_ip_address if instance else target["Id"],
                running=instance is None or instance.state == "running",
            )
