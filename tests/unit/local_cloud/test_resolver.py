# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolver on sockets, with moto's zones and load balancers behind it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dns.message import Message
from moto.elbv2.models import elbv2_backends

from lab.local_cloud.resolver import Resolver
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

Aws = Callable[[str], Any]
Ask = Callable[..., Message]


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ask(aws: Aws) -> Iterator[Ask]:
    """Return a function that asks a resolver; it takes a name and `by`, dns.query.udp or dns.query.tcp."""
    network = IPv4Network(f"127.77.{os.getpid() % 200}.0/24")
    settings = Settings(network=network, resolver_port=free_port(str(network.network_address + 1)))
    Resolver(settings, World()).after_replay()

    def ask(name: str, by: Callable[..., Message] = dns.query.udp) -> Message:
        query = dns.message.make_query(name, "A")
        return by(query, str(settings.gateway), port=settings.resolver_port, timeout=5)

    yield ask


def zone(aws: Aws, *changes: dict[str, Any], private: bool = False) -> None:
    """Create the zone example.test with record sets."""
    options: dict[str, Any] = {"VPC": {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}} if private else {}
    made = aws("route53").create_hosted_zone(
        Name="example.test",
        CallerReference="1",
        HostedZoneConfig={"PrivateZone": private, "Comment": ""},
        **options,
    )
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": change} for change in changes]}
    if changes:
        aws("route53").change_resource_record_sets(HostedZoneId=made["HostedZone"]["Id"], ChangeBatch=batch)


def balancer(aws: Aws) -> Any:
    """Create a load balancer whose address on the bridge is 10.77.0.130."""
    ec2 = aws("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    made = aws("elbv2").create_load_balancer(Name="main", Subnets=subnets)["LoadBalancers"][0]
    backend = elbv2_backends[Settings().account]["us-east-1"]
    backend.load_balancers[made["LoadBalancerArn"]].bridge_address = IPv4Address("10.77.0.130")
    return made


@pytest.mark.parametrize("by", [dns.query.udp, dns.query.tcp])
def test_a_record_is_answered_as_soon_as_the_api_has_it(aws: Aws, ask: Ask, by: Any) -> None:
    record = {
        "Name": "amy.example.test",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "10.77.0.4"}, {"Value": "10.77.0.5"}],
    }
    zone(aws, record)
    (found,) = ask("amy.example.test", by).answer
    assert (found.ttl, sorted(str(item) for item in found)) == (60, ["10.77.0.4", "10.77.0.5"])
    denied = ask("absent.example.test", by)
    assert denied.rcode() == dns.rcode.NXDOMAIN
    assert denied.authority, "nothing says for how long"


def test_an_alias_leads_to_the_load_balancers_address(aws: Aws, ask: Ask) -> None:
    made = balancer(aws)
    target = {"DNSName": f"dualstack.{made['DNSName']}", "HostedZoneId": "Z1", "EvaluateTargetHealth": False}
    zone(aws, {"Name": "amy.example.test", "Type": "A", "AliasTarget": target})
    for name in ("amy.example.test", made["DNSName"]):
        (found,) = ask(name).answer
        assert (found.ttl, [str(item) for item in found]) == (60, ["10.77.0.130"])


def test_a_private_zone_is_not_the_worlds(aws: Aws, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dns.resolver.Resolver", type("None", (), {"nameservers": []}))
    zone(aws, private=True)
    assert ask("amy.example.test").rcode() == dns.rcode.SERVFAIL


def test_other_names_are_asked_of_this_computers_own_servers(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(query: Message, where: str, **_: Any) -> tuple[Message, bool]:
        assert where == "192.0.2.53"
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.REFUSED)
        return response, False

    monkeypatch.setattr("dns.resolver.Resolver", type("One", (), {"nameservers": ["192.0.2.53"]}))
    monkeypatch.setattr("dns.query.udp_with_fallback", elsewhere)
    assert ask("elsewhere.test").rcode() == dns.rcode.REFUSED


def test_noise_is_not_answered_and_does_no_harm(aws: Aws) -> None:
    assert Resolver(Settings(), World()).respond(b"noise") is None


def test_a_taken_port_is_no_reason_to_do_without_a_cloud(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.77.250.1", 0))
        settings = Settings(network=IPv4Network("127.77.250.0/24"), resolver_port=taken.getsockname()[1])
        Resolver(settings, World()).after_replay()
    assert "nothing resolves the stage's names" in caplog.text
