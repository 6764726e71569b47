# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from ipaddress import IPv4Address, IPv4Network

from lab.local_cloud.ruleset import Group, Member, Rule, render
from lab.local_cloud.settings import Settings

SETTINGS = Settings()
ANYWHERE = IPv4Network("0.0.0.0/0")
WEB = Member(address=IPv4Address("10.77.0.4"), groups=frozenset({"sg-web"}))
REDIS = Member(address=IPv4Address("10.77.0.5"), groups=frozenset({"sg-redis"}))


def rule(port: int, *, network: str | None = None, group: str | None = None) -> Rule:
    return Rule(
        protocol="tcp",
        first_port=port,
        last_port=port,
        networks=(IPv4Network(network),) if network else (),
        groups=(group,) if group else (),
    )


def chain(text: str, name: str) -> list[str]:
    """The lines of a chain, stripped."""
    body = text.split(f"chain {name} {{\n", 1)[1].split("  }\n", 1)[0]
    return [line.strip() for line in body.splitlines()]


def test_reference_to_group_admits_only_its_members() -> None:
    groups = {"sg-web": Group(), "sg-redis": Group(ingress=(rule(6379, group="sg-web"),))}
    text = render(SETTINGS, groups=groups, machines=[REDIS, WEB], balancers=frozenset())
    assert chain(text, "in_10_77_0_5") == ["ip saddr { 10.77.0.4/32 } tcp dport 6379-6379 accept", "drop"]
    assert chain(text, "in_10_77_0_4") == ["drop"]


def test_load_balancer_is_the_gateway_and_a_member_of_its_groups() -> None:
    groups = {"sg-web": Group(ingress=(rule(80, group="sg-lb"),))}
    text = render(SETTINGS, groups=groups, machines=[WEB], balancers=frozenset({"sg-lb"}))
    assert chain(text, "in_10_77_0_4") == ["ip saddr { 10.77.0.1/32 } tcp dport 80-80 accept", "drop"]


def test_egress_returns_so_that_the_other_ends_ingress_decides() -> None:
    groups = {"sg-web": Group(egress=(Rule(protocol="-1", networks=(ANYWHERE,)),))}
    text = render(SETTINGS, groups=groups, machines=[WEB], balancers=frozenset())
    assert chain(text, "out_10_77_0_4") == ["ip daddr { 0.0.0.0/0 } return", "drop"]


def test_overlapping_peers_are_merged_because_nft_refuses_them() -> None:
    both = Rule(protocol="udp", first_port=53, last_port=60, networks=(ANYWHERE,), groups=("sg-web",))
    text = render(SETTINGS, groups={"sg-web": Group(ingress=(both,))}, machines=[WEB], balancers=frozenset())
    assert chain(text, "in_10_77_0_4")[0] == "ip saddr { 0.0.0.0/0 } udp dport 53-60 accept"


def test_machine_without_rules_or_with_unknown_group_takes_nothing() -> None:
    stray = Member(address=IPv4Address("10.77.0.9"), groups=frozenset({"sg-gone"}))
    text = render(SETTINGS, groups={}, machines=[stray], balancers=frozenset())
    assert chain(text, "in_10_77_0_9") == chain(text, "out_10_77_0_9") == ["drop"]


def test_address_that_is_no_machine_yet_takes_no_connection() -> None:
    text = render(SETTINGS, groups={}, machines=[], balancers=frozenset())
    assert chain(text, "ingress") == ["ip daddr 10.77.0.0/24 ip daddr != 10.77.0.1 drop"]


def test_the_resolver_and_the_api_are_open_to_every_machine() -> None:
    opened = chain(render(SETTINGS, groups={}, machines=[WEB], balancers=frozenset()), "input")[3:6]
    assert opened == [
        "ip daddr 10.77.0.1 tcp dport { 5077, 5080, 5142, 14000 } accept",
        "ip daddr 10.77.0.1 meta l4proto { tcp, udp } th dport 53 accept",
        "jump egress",
    ]


def test_same_state_is_the_same_text() -> None:
    groups = {"sg-web": Group(), "sg-redis": Group()}
    one = render(SETTINGS, groups=groups, machines=[WEB, REDIS], balancers=frozenset())
    assert one == render(SETTINGS, groups=groups, machines=[REDIS, WEB], balancers=frozenset())


def test_nft_reads_it() -> None:
    icmp = Rule(protocol="icmp", first_port=-1, last_port=-1, networks=(ANYWHERE,))
    groups = {
        "sg-web": Group(ingress=(rule(22, network="10.77.0.1/32"), icmp), egress=(rule(6379, group="sg-redis"),)),
        "sg-redis": Group(ingress=(Rule(protocol="50", groups=("sg-web",)),)),
    }
    text = render(SETTINGS, groups=groups, machines=[WEB, REDIS], balancers=frozenset({"sg-web"}))
    # A namespace of its own: even a check looks at the tables that are there.
    command = ["unshare", "--net", "nft", "--check", "--file", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
