# SPDX-License-Identifier: GPL-3.0-or-later
"""Security groups as text for nftables. Nothing here touches the packet filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from lab.local_cloud.settings import Settings

ANY_PROTOCOL = "-1"
WITH_PORTS = ("tcp", "udp")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One permission of a security group: a protocol and ports, from or to networks and members of groups."""

    protocol: str
    first_port: int | None = None
    last_port: int | None = None
    networks: tuple[IPv4Network, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """A security group: what may come in and what may go out; all else may not."""

    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Member:
    """An address that belongs to security groups: an instance's, a database's, or the load balancers'."""

    address: IPv4Address
    groups: frozenset[str]


def render(
    settings: Settings, *, groups: Mapping[str, Group], machines: Iterable[Member], balancers: frozenset[str]
) -> str:
    """The whole table, replacing the one before in a single transaction.

    `balancers` are the groups of the load balancers: HAProxy runs on this computer, so its packets come from the
    gateway. Bridged packets are filtered in `forward` as routed ones are, because br_netfilter passes them there.
    An address of the network that belongs to no machine yet takes no connection.
    """
    machines = sorted(machines, key=lambda machine: machine.address)
    everyone = [*machines, Member(address=settings.gateway, groups=balancers)]
    ports = (settings.endpoint_port, settings.metadata_port, settings.package_cache_port, settings.acme_port)
    services = ", ".join(str(port) for port in ports)
    lines = [
        f"add table {settings.filter_table}",
        f"delete table {settings.filter_table}",
        f"table {settings.filter_table} {{",
        "  chain forward {",
        "    type filter hook forward priority filter - 5; policy accept;",
        f'    iifname != "{settings.bridge}" oifname != "{settings.bridge}" accept',
        "    ct state established,related accept",
        # The VPC has no IPv6; link-local addresses would be a way past the groups.
        "    meta nfproto ipv6 drop",
        f'    iifname "{settings.bridge}" jump egress',
        f'    oifname "{settings.bridge}" jump ingress',
        "  }",
        "  chain input {",
        "    type filter hook input priority filter - 5; policy accept;",
        f'    iifname != "{settings.bridge}" accept',
        "    ct state established,related accept",
        f"    ip daddr {settings.gateway} tcp dport {{ {services} }} accept",
        f"    ip daddr {settings.gateway} meta l4proto {{ tcp, udp }} th dport {settings.resolver_port} accept",
        "    jump egress",
        "  }",
        "  chain output {",
        "    type filter hook output priority filter - 5; policy accept;",
        f'    oifname != "{settings.bridge}" accept',
        "    ct state established,related accept",
        "    jump ingress",
        "  }",
        "  chain egress {",
        # Groups do not filter the VPC's resolver.
        f"    ip daddr != {settings.network} meta l4proto {{ tcp, udp }} th dport 53 return",
        *_dispatch("saddr", "out", machines),
        "  }",
        "  chain ingress {",
        *_dispatch("daddr", "in", machines),
        f"    ip daddr {settings.network} ip daddr != {settings.gateway} drop",
        "  }",
    ]
    for machine in machines:
        own = [groups[name] for name in sorted(machine.groups) if name in groups]
        incoming = (rule for group in own for rule in group.ingress)
        outgoing = (rule for group in own for rule in group.egress)
        lines += [f"  chain {_chain('in', machine)} {{", *_permissions("saddr", incoming, everyone, "accept"), "  }"]
        lines += [f"  chain {_chain('out', machine)} {{", *_permissions("daddr", outgoing, everyone, "return"), "  }"]
    return "\n".join([*lines, "}", ""])


def _dispatch(field: str, direction: str, machines: list[Member]) -> list[str]:
    if not machines:
        return []
    choices = ", ".join(f"{machine.address} : jump {_chain(direction, machine)}" for machine in machines)
    return [f"    ip {field} vmap {{ {choices} }}"]


def _chain(direction: str, machine: Member) -> str:
    return f"{direction}_{str(machine.address).replace('.', '_')}"


def _permissions(field: str, rules: Iterable[Rule], everyone: list[Member], verdict: str) -> Iterator[str]:
    """Lines that let the permitted pass, then one that stops the others; repeated permissions appear once."""
    lines = (_permission(field, rule, everyone, verdict) for rule in rules)
    yield from dict.fromkeys(line for line in lines if line)
    yield "    drop"


def _permission(field: str, rule: Rule, everyone: list[Member], verdict: str) -> str | None:
    """None for a rule that no host can use at present: its groups have no members."""
    members = (IPv4Network(member.address) for member in everyone if member.groups.intersection(rule.groups))
    peers = ", ".join(str(network) for network in collapse_addresses([*rule.networks, *members]))
    if not peers:
        return None
    return f"    ip {field} {{ {peers} }} {_match(rule)}{verdict}"


def _match(rule: Rule) -> str:
    if rule.protocol == ANY_PROTOCOL:
        return ""
    if rule.protocol in WITH_PORTS and rule.first_port is not None and rule.first_port >= 0:
        return f"{rule.protocol} dport {rule.first_port}-{rule.last_port} "
    return f"meta l4proto {rule.protocol} "
