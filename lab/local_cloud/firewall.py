# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups, enforced: moto's groups and their members become one nftables table of our own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends

from lab.local_cloud import nftables
from lab.local_cloud.ruleset import Group, Member, Rule, render
from lab.local_cloud.service import World, after
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

CHECK_SECONDS = 10.0
GROUP_CHANGES = (
    "authorize_security_group_ingress",
    "authorize_security_group_egress",
    "revoke_security_group_ingress",
    "revoke_security_group_egress",
    "modify_security_group_rules",
    "modify_instance_security_groups",
    "modify_network_interface_attribute",
)


class Firewall:
    """Keeps the packet filter equal to the security groups. Standing connections outlive a revoked rule."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._loaded = ""
        self._checked = 0.0

    def install(self) -> None:
        """A changed rule holds before the API call returns; new members follow at the next tick."""
        after(EC2Backend, GROUP_CHANGES, lambda *_: self._follow())

    def after_replay(self) -> None:
        """Load the table, whatever an earlier control plane has loaded."""
        self._follow()

    def tick(self) -> None:
        """Load the table again if machines, balancers or groups have changed, or if it was flushed."""
        if time.monotonic() - self._checked > CHECK_SECONDS:
            self._checked = time.monotonic()
            if not nftables.table_exists(self._settings.filter_table):
                logger.warning("the security groups' table was gone; loading it again")
                self._loaded = ""
        self._follow()

    def close(self) -> None:
        """Remove our table; others' are not touched."""
        nftables.remove_table(self._settings.filter_table)

    def _follow(self) -> None:
        if self._world.replaying:
            return
        text = render(
            self._settings,
            groups=dict(self._groups()),
            machines=[*self._instances(), *self._databases()],
            balancers=self._balancer_groups(),
        )
        if text != self._loaded:
            nftables.load(text)
            self._loaded = text

    @property
    def _place(self) -> tuple[str, str]:
        return self._settings.account, self._settings.region

    def _groups(self) -> Iterator[tuple[str, Group]]:
        account, region = self._place
        for groups in ec2_backends[account][region].groups.values():
            for group in groups.values():
                ingress, egress = map(_rules, (group.ingress_rules, group.egress_rules))
                yield group.id, Group(ingress=ingress, egress=egress)

    def _instances(self) -> Iterator[Member]:
        account, region = self._place
        for reservation in ec2_backends[account][region].reservations.values():
            for instance in reservation.instances:
                if instance.state != "terminated":
                    # moto keeps groups given with a network interface at the interface only.
                    groups = instance.security_groups or instance.nics[0].group_set
                    yield _member(instance.private_ip_address, (group.id for group in groups))

    def _databases(self) -> Iterator[Member]:
        account, region = self._place
        for database in rds_backends[account][region].databases.values():
            if hasattr(database, "machine_address"):  # see `databases`
                yield _member(database.machine_address, database.vpc_security_group_ids)

    def _balancer_groups(self) -> frozenset[str]:
        account, region = self._place
        balancers = elbv2_backends[account][region].load_balancers.values()
        return frozenset(group for balancer in balancers for group in balancer.security_groups or ())


def _member(address: object, groups: Any) -> Member:
    return Member(address=IPv4Address(str(address)), groups=frozenset(groups))


def _rules(found: Any) -> tuple[Rule, ...]:
    """moto's rules; those for IPv6 and prefix lists are left out, as the local VPC has neither."""
    return tuple(
        Rule(
            protocol=rule.ip_protocol,
            first_port=rule.from_port,
            last_port=rule.to_port,
            networks=(IPv4Network(rule.cidr_ipv4),) if rule.cidr_ipv4 else (),
            groups=(rule.source_group["GroupId"],) if rule.source_group.get("GroupId") else (),
        )
        for rule in list(found)
    )
