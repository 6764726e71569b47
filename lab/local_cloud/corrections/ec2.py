# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2: what moto leaves out of its answers and Ansible's modules expect, and a termination that may be repeated."""

from __future__ import annotations

import copy
import functools
from typing import Any

from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.instances import Instance, InstanceState
from moto.ec2.models.tags import TagBackend

from lab.local_cloud.service import after


def install() -> None:
    """Correct tags of NAT gateways, the description of volumes, and the end of instances."""
    _find_tags_of_nat_gateways()
    after(Volume, ["__init__"], _say_whether_multi_attach_is_enabled)
    _terminate_once()


def _find_tags_of_nat_gateways() -> None:
    describe = TagBackend.describe_tags

    def describe_tags(self: TagBackend, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        if filters and "natgateway" in filters.get("resource-type", []):  # AWS's name; moto calls it nat-gateway
            filters = {**filters, "resource-type": [*filters["resource-type"], "nat-gateway"]}
        tags: list[dict[str, str]] = describe(self, filters)
        return [
            {**tag, "resource_type": "natgateway"} if tag["resource_type"] == "nat-gateway" else tag for tag in tags
        ]

    TagBackend.describe_tags = describe_tags


def _say_whether_multi_attach_is_enabled(_name: str, volume: Any, *_: Any) -> None:
    volume.multi_attach_enabled = bool(volume.multi_attach_enabled)


def _terminate_once() -> None:
    """A client that got no answer asks again; moto would then look for the interfaces that it has removed."""
    terminate = Instance.terminate

    @functools.wraps(terminate)
    def terminate_once(self: Instance) -> InstanceState:
        return copy.copy(self._state) if self.state == "terminated" else terminate(self)

    Instance.terminate = terminate_once
