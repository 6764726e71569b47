# SPDX-License-Identifier: GPL-3.0-or-later
"""ELBv2: attributes that AWS always lists, and targets that are told apart by port as well as by id."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from moto.elbv2.exceptions import TargetNotRunning
from moto.elbv2.models import FakeLoadBalancer, FakeRule, FakeTargetGroup

from lab.local_cloud.service import after

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
TARGET_GROUP_ATTRIBUTES = {
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.lb_cookie.duration_seconds": "86400",
}


def install() -> None:
    """Correct attributes, the keys of targets, and the ARN of a listener's default rule."""
    after(FakeLoadBalancer, ["__init__"], _complete_load_balancer)
    after(FakeTargetGroup, ["__init__"], _complete_target_group)
    after(FakeRule, ["__init__"], _name_default_rule)
    FakeTargetGroup.register = _register
    FakeTargetGroup.deregister = _deregister
    FakeTargetGroup.deregister_terminated_instances = _deregister_terminated_instances


def _complete_load_balancer(_name: str, balancer: FakeLoadBalancer, *_: Any) -> None:
    balancer.attrs = {**LOAD_BALANCER_ATTRIBUTES, **balancer.attrs}


def _complete_target_group(_name: str, group: FakeTargetGroup, *_: Any) -> None:
    group.attributes = {**TARGET_GROUP_ATTRIBUTES, **group.attributes}


def _name_default_rule(_name: str, rule: FakeRule, *_: Any) -> None:
    """moto takes the object's address in memory for its id: it would differ after each restart."""
    number = sha256(rule.listener_arn.encode()).hexdigest()[:16]
    rule.arn = rule.listener_arn.replace(":listener/", ":listener-rule/") + f"/{number}"


def _register(group: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        instance = group.ec2_backend.get_instance_by_id(target["Id"])
        if instance and instance.state != "running":
            raise TargetNotRunning(instance_id=target["Id"])
    for target in targets:
        port = int(target.get("Port") or group.port)
        group.targets[f"{target['Id']}:{port}"] = {"Id": target["Id"], "Port": port}


def _deregister(group: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
    """Remove targets; one that is not registered is no error (API reference, DeregisterTargets)."""
    for target in targets:
        port = int(target.get("Port") or group.port)
        group.targets.pop(f"{target['Id']}:{port}", None)


def _deregister_terminated_instances(group: FakeTargetGroup, instance_ids: list[str]) -> None:
    for key, target in list(group.targets.items()):
        if target["Id"] in instance_ids:
            del group.targets[key]
