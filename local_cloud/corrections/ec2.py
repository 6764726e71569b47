# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2: names and values that moto leaves out of its answers, and ec2_vpc_nat_gateway and ec2_vol expect."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.tags import TagBackend

from local_cloud.service import after


def install() -> None:
    """Correct tags of NAT gateways and the description of volumes."""
    _find_tags_of_nat_gateways()
    after(Volume, ["__init__"], _say_whether_multi_attach_is_enabled)


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
