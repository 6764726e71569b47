# SPDX-License-Identifier: GPL-3.0-or-later
"""What the instance metadata service says, as functions of an instance's facts. Nothing here listens."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

LONGEST_TOKEN_SECONDS = 21600
VERSIONS = ("latest", "2021-07-15", "2024-04-11")

# A directory: its entries are directories, texts, or texts that are made when they are asked for.
Tree = Mapping[str, "Node"]
Node = Tree | str | Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class Role:
    """The role of an instance profile."""

    name: str
    profile_arn: str
    profile_id: str
    credentials: Callable[[], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What EC2 knows of one instance."""

    instance_id: str
    address: IPv4Address
    hostname: str
    mac: str
    account: str
    region: str
    zone: str
    image_id: str
    instance_type: str
    security_groups: tuple[str, ...] = ()
    public_key: str | None = None
    role: Role | None = None
    tags: Mapping[str, str] | None = None
    """None unless the instance was started with InstanceMetadataTags enabled."""
    user_data: str | None = None
    token_required: bool = True
    launch_time: str = ""


class Tokens:
    """IMDSv2's session tokens. They hold their own deadline and address, signed, so nothing needs to be remembered."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, address: IPv4Address, *, now: float, seconds: int) -> str:
        """A token for the machine at `address`, good for `seconds`."""
        deadline = int(now) + seconds
        return f"{deadline}-{self._signature(address, deadline)}"

    def accepts(self, token: str, address: IPv4Address, *, now: float) -> bool:
        """Whether the token was issued to this address and its time is not over."""
        deadline, _, signature = token.partition("-")
        if not deadline.isdecimal() or int(deadline) < now:
            return False
        return hmac.compare_digest(signature.encode(), self._signature(address, int(deadline)).encode())

    def _signature(self, address: IPv4Address, deadline: int) -> str:
        return hmac.new(self._secret, f"{address} {deadline}".encode(), hashlib.sha256).hexdigest()


def token_seconds(header: str | None) -> int | None:
    """The lifetime a client asks for, or None if AWS would answer 400."""
    if header is None or not header.isdecimal() or not 1 <= int(header) <= LONGEST_TOKEN_SECONDS:
        return None
    return int(header)


def answer(facts: Facts, path: str) -> str | None:
    """The text at `path`: a value, or a directory's listing; None if there is nothing (404)."""
    names = [name for name in path.split("/") if name]
    if not names or names[0] not in VERSIONS:
        return None
    node: Node = tree(facts)
    for name in names[1:]:
        if isinstance(node, str) or callable(node) or name not in node:
            return None
        node = node[name]
    if isinstance(node, str):
        return node
    if callable(node):
        return node()
    return "\n".join(name if isinstance(child, str) or callable(child) else f"{name}/" for name, child in node.items())


def tree(facts: Facts) -> Tree:
    """Everything there is to ask about an instance, as AWS names it."""
    data: dict[str, Node] = {
        "ami-id": facts.image_id,
        "hostname": facts.hostname,
        "instance-id": facts.instance_id,
        "instance-type": facts.instance_type,
        "local-hostname": facts.hostname,
        "local-ipv4": str(facts.address),
        "mac": facts.mac,
        "placement": {"availability-zone": facts.zone, "region": facts.region},
        "security-groups": "\n".join(facts.security_groups),
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if facts.public_key:
        data["public-keys"] = {"0": {"openssh-key": facts.public_key}}
    if facts.role:
        data["iam"] = _iam(facts.role)
    if facts.tags is not None:
        data["tags"] = {"instance": dict(facts.tags)}
    root: dict[str, Node] = {
        "dynamic": {"instance-identity": {"document": identity_document(facts)}},
        "meta-data": data,
    }
    if facts.user_data is not None:
        root["user-data"] = facts.user_data
    return root


def identity_document(facts: Facts) -> str:
    """The instance identity document; it is not signed, because only AWS could sign it."""
    document = {
        "accountId": facts.account,
        "architecture": "x86_64",
        "availabilityZone": facts.zone,
        "imageId": facts.image_id,
        "instanceId": facts.instance_id,
        "instanceType": facts.instance_type,
        "pendingTime": facts.launch_time,
        "privateIp": str(facts.address),
        "region": facts.region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)


def _iam(role: Role) -> Tree:
    info = {"Code": "Success", "InstanceProfileArn": role.profile_arn, "InstanceProfileId": role.profile_id}
    return {
        "info": json.dumps(info, indent=2),
        "security-credentials": {role.name: lambda: json.dumps(role.credentials(), indent=2)},
    }
