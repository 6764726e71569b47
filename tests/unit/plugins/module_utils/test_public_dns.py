# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a domain leads is asked of a real DNS server: one zone's, with the answers of the local cloud's resolver."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import dns.message
import dns.name
import dns.rcode
import pytest

from lab.local_cloud.resolver_answers import Record, Zone, answer
from plugins.module_utils import public_dns
from plugins.module_utils.public_dns import DnsError, addresses_of, complaint, servers_addresses, zone_servers
from plugins.modules import public_dns_info
from tests.serving import serving

NAME, TARGET = "amy.example.test", "main.elb.example.test"
OLD, BALANCER = "192.0.2.7", "198.51.100.4"


def record(name: str, *values: str, kind: str = "A", alias: str = "") -> Record:
    leads_to = dns.name.from_text(alias) if alias else None
    return Record(name=dns.name.from_text(name), type=kind, ttl=60, values=values, alias=leads_to)


class NameServer(socketserver.UDPServer):
    """The server of the zone example.test, with these records; refuses whatever else it is asked."""

    def __init__(self, *records: Record, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((address, port), Handler)
        self.zone = Zone(name=dns.name.from_text("example.test"), records=records)
        self.silent = False


class Handler(socketserver.BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        wire, socket = self.request
        query = dns.message.from_wire(wire)
        response = answer(query, [self.server.zone])
        if response is None:
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.REFUSED)
        if not self.server.silent:
            socket.sendto(response.to_wire(), self.client_address)


RECORDS = (
    record(TARGET, BALANCER, "198.51.100.5"),
    record(NAME, alias=TARGET),
    record("old.example.test", OLD),
    record("cname.example.test", f"{TARGET}.", kind="CNAME"),
    record("text.example.test", '"no address"', kind="TXT"),
    record("elsewhere.example.test", "main.example.net.", kind="CNAME"),
)


@pytest.fixture
def server() -> Iterator[NameServer]:
    with serving(NameServer(*RECORDS)) as server:
        yield server


def ask(server: NameServer, name: str, *, timeout: float = 2) -> frozenset[str]:
    return addresses_of(name, servers=["127.0.0.1"], port=server.server_address[1], timeout=timeout)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        (NAME, {BALANCER, "198.51.100.5"}),
        ("AMY.example.test.", {BALANCER, "198.51.100.5"}),
        ("cname.example.test", {BALANCER, "198.51.100.5"}),
        ("old.example.test", {OLD}),
        ("text.example.test", set()),
        ("none.example.test", set()),
    ],
)
def test_a_zones_server_says_where_a_name_leads(server: NameServer, name: str, addresses: set[str]) -> None:
    assert ask(server, name) == addresses


def test_a_name_of_another_zone_is_asked_of_the_controllers_resolver(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def elsewhere(name: str, **options: Any) -> frozenset[str]:
        asked.append((name, options))
        return frozenset({BALANCER})

    monkeypatch.setattr(public_dns, "addresses_of", elsewhere)
    assert ask(server, "elsewhere.example.test") == {BALANCER}
    assert asked == [("main.example.net.", {"timeout": 2})]


def test_a_server_that_refuses_or_is_silent_has_not_said_that_there_is_no_address(server: NameServer) -> None:
    with pytest.raises(DnsError, match=r"have not said where amy\.example\.org leads: .*REFUSED"):
        ask(server, "amy.example.org")
    server.silent = True
    with pytest.raises(DnsError, match=r"have not said where amy\.example\.test leads: no answer within 0\.3 s\."):
        ask(server, NAME, timeout=0.3)


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        ({BALANCER}, {BALANCER, "198.51.100.5"}, ""),
        # The balancer has grown between the two questions.
        ({BALANCER, "198.51.100.9"}, {BALANCER, "198.51.100.5"}, ""),
        ({OLD}, {BALANCER}, f"{NAME} leads to {OLD}, and not to the load balancer {TARGET} ({BALANCER})."),
        (set(), {BALANCER}, f"The name servers of its zone know no address of {NAME}."),
    ],
)
def test_what_is_said_of_the_addresses(found: set[str], wanted: set[str], told: str) -> None:
    assert complaint(name=NAME, found=frozenset(found), target=TARGET, wanted=frozenset(wanted)) == told


@pytest.fixture
def route53(aws: Callable[[str], Any]) -> Any:
    return aws("route53")


def test_a_public_zone_names_its_servers_and_a_private_one_of_its_name_does_not(route53: Any) -> None:
    route53.create_hosted_zone(
        Name="example.test",
        CallerReference="1",
        HostedZoneConfig={"PrivateZone": True, "Comment": ""},
        VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
    )
    with pytest.raises(DnsError, match=r"Route 53 has no public hosted zone example\.test\."):
        zone_servers(route53, "example.test")
    made = route53.create_hosted_zone(Name="example.test", CallerReference="2")
    assert zone_servers(route53, "example.test") == made["DelegationSet"]["NameServers"]
    with pytest.raises(DnsError, match=r"has no public hosted zone example\.org\."):
        zone_servers(route53, "example.org")


def test_a_server_whose_name_is_unknown_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"ns1.test": frozenset({"192.0.2.53"}), "ns3.test": frozenset({"192.0.2.55"}), "ns4.test": frozenset({OLD})}

    def ask(name: str, *, timeout: float) -> frozenset[str]:
        if name == "ns2.test":
            raise DnsError("The name servers have not said where ns2.test leads: no answer within 1 s.")
        return known.get(name, frozenset())

    monkeypatch.setattr(public_dns, "addresses_of", ask)
    assert servers_addresses(["ns1.test", "ns2.test", "ns3.test", "ns4.test"], timeout=1) == [
        "192.0.2.53",
        "192.0.2.55",
    ]
    with pytest.raises(DnsError, match=r"where ns2\.test leads: no answer"):
        servers_addresses(["ns2.test", "ns5.test"], timeout=1)
    with pytest.raises(DnsError, match=r"No resolver knows an address of ns5\.test\."):
        servers_addresses(["ns5.test"], timeout=1)


class EndedError(Exception):
    """The module has ended with this result."""


class Module:
    """As much of AnsibleModule as is used."""

    name = NAME

    def __init__(self, **_specification: Any) -> None:
        self.params = {
            **{"zone": "example.test", "name": self.name, "target": TARGET, "servers": ["127.0.0.1"]},
            **{"timeout": 0.3, "region": "us-east-1", "endpoint_url": None},
        }

    def exit_json(self, **result: Any) -> NoReturn:
        raise EndedError(result)


@pytest.mark.parametrize(
    ("name", "silent", "leads", "told"),
    [
        (NAME, False, True, ""),
        ("old.example.test", False, False, f"old.example.test leads to {OLD}, and not to the load balancer {TARGET}"),
        (NAME, True, None, f"The name servers have not said where {TARGET} leads: no answer within 0.3 s."),
    ],
)
def test_the_module_tells_and_never_fails(
    server: NameServer, monkeypatch: pytest.MonkeyPatch, *, name: str, silent: bool, leads: bool | None, told: str
) -> None:
    server.silent = silent
    monkeypatch.setattr(public_dns_info, "AnsibleModule", type("Asking", (Module,), {"name": name}))
    here = partial(addresses_of, port=server.server_address[1])
    monkeypatch.setattr(public_dns, "addresses_of", here)
    with pytest.raises(EndedError) as ended:
        public_dns_info.main()
    (result,) = ended.value.args
    assert result["leads"] is leads
    assert result["complaint"].startswith(told)
    assert bool(result["complaint"]) == bool(told)
    assert result["changed"] is False


ROOT = Path(__file__).resolve().parents[4]


def check(tmp_path: Path, server: NameServer, names: list[str]) -> list[str]:
    """What the check of a deploy warns of, for each of the domains `names` whose zone's servers are `server`."""
    ask = {"ansible.builtin.include_tasks": f"{ROOT}/playbooks/tasks/ask_domain.yml"}
    variables = {
        **{"stage": "local", "hosted_zone": "example.test", "stage_parameters": {"load_balancer": TARGET}},
        **{"site_name_servers": [server.server_address[0]], "ansible_python_interpreter": sys.executable},
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables}
    playbook = tmp_path / "check.json"
    playbook.write_text(json.dumps([{**play, "tasks": [{**ask, "vars": {"domain": name}} for name in names]}]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(playbook)]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.partition('"msg": ')[2] for line in done.stdout.splitlines() if "WARNING" in line]


@pytest.fixture
def zones_server() -> Iterator[NameServer]:
    """One at the port that a zone's servers have."""
    try:
        server = NameServer(*RECORDS, address=f"127.53.0.{os.getpid() % 250 + 1}", port=53)
    except PermissionError:
        pytest.skip("needs root, to listen at port 53")
    with serving(server):
        yield server


def test_a_domain_that_leads_elsewhere_is_a_warning_and_stops_no_deploy(
    tmp_path: Path, zones_server: NameServer
) -> None:
    elsewhere, unknown = check(tmp_path, zones_server, [NAME, "old.example.test", "amy.example.org"])
    assert elsewhere.strip('"') == (
        f"WARNING: old.example.test leads to {OLD}, and not to the load balancer {TARGET} ({BALANCER}, 198.51.100.5). "
        "The deploy goes on. To lead the domain to the load balancer, run: make provision STAGE=local"
    )
    assert "The name servers have not said where amy.example.org leads" in unknown
    assert "The deploy goes on. To see where visitors come, run: dig amy.example.org" in unknown
