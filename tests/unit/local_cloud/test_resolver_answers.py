# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolver says, from zones written down here."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from dns.message import Message
from dns.name import from_text

from lab.local_cloud.resolver_answers import Record, Zone, answer, to_wire

ALB = "main-1.us-east-1.elb.amazonaws.com."
SOA = "ns.example. root.example. 1 7200 900 1209600 86400"


def record(name: str, kind: str, *values: str, ttl: int = 300, alias: str | None = None) -> Record:
    return Record(
        name=from_text(name), type=kind, ttl=ttl, values=values, alias=None if alias is None else from_text(alias)
    )


ZONES = (
    Zone(
        name=from_text("example.test"),
        records=(
            record("example.test", "SOA", SOA, ttl=900),
            record("amy.example.test", "A", "10.77.0.4", ttl=60),
            record("two.example.test", "A", "10.77.0.5", "10.77.0.6"),
            record("www.example.test", "CNAME", "amy.example.test.", ttl=30),
            record("away.example.test", "CNAME", "elsewhere.test."),
            record("one.example.test", "CNAME", "other.example.test."),
            record("other.example.test", "CNAME", "one.example.test."),
            record("balanced.example.test", "A", alias=ALB),
            record("second.example.test", "A", alias="balanced.example.test"),
            record("lost.example.test", "A", alias="gone.us-east-1.elb.amazonaws.com"),
            record("round.example.test", "A", alias="round.example.test"),
            record("a.deep.example.test", "TXT", '"text"'),
        ),
    ),
    Zone(name=from_text("inner.example.test"), records=(record("amy.inner.example.test", "A", "10.77.0.9"),)),
    Zone(name=from_text("us-east-1.elb.amazonaws.com"), records=(record(ALB, "A", "10.77.0.130", ttl=60),)),
)


def ask(name: str, kind: str = "A") -> Message:
    response = answer(dns.message.make_query(name, kind), ZONES)
    assert response is not None
    return response


def told(response: Message) -> list[str]:
    return [str(found) for found in response.answer]


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("amy.example.test", ["amy.example.test. 60 IN A 10.77.0.4"]),
        ("AMY.Example.TEST", ["AMY.Example.TEST. 60 IN A 10.77.0.4"]),
        ("two.example.test", ["two.example.test. 300 IN A 10.77.0.5\ntwo.example.test. 300 IN A 10.77.0.6"]),
        (
            "www.example.test",
            ["www.example.test. 30 IN CNAME amy.example.test.", "amy.example.test. 60 IN A 10.77.0.4"],
        ),
        ("away.example.test", ["away.example.test. 300 IN CNAME elsewhere.test."]),
        ("amy.inner.example.test", ["amy.inner.example.test. 300 IN A 10.77.0.9"]),
        (ALB, [f"{ALB} 60 IN A 10.77.0.130"]),
    ],
)
def test_records_are_told_with_their_ttl(name: str, records: list[str]) -> None:
    response = ask(name)
    assert (told(response), response.rcode()) == (records, dns.rcode.NOERROR)
    assert response.flags & dns.flags.RA and response.flags & dns.flags.AA


@pytest.mark.parametrize("name", ["balanced.example.test", "second.example.test"])
def test_an_alias_is_answered_with_the_addresses_and_ttl_of_its_target(name: str) -> None:
    assert told(ask(name)) == [f"{name}. 60 IN A 10.77.0.130"]


@pytest.mark.parametrize("name", ["absent.example.test", "gone.us-east-1.elb.amazonaws.com", "x.amy.example.test"])
def test_what_is_not_in_the_zone_does_not_exist(name: str) -> None:
    response = ask(name)
    assert (told(response), response.rcode()) == ([], dns.rcode.NXDOMAIN)


def test_a_denial_says_for_how_long() -> None:
    assert [str(found) for found in ask("absent.example.test").authority] == [f"example.test. 900 IN SOA {SOA}"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("amy.example.test", "AAAA"), ("deep.example.test", "A"), ("lost.example.test", "A"), ("round.example.test", "A")],
)
def test_a_name_without_such_records_exists(name: str, kind: str) -> None:
    response = ask(name, kind)
    assert (told(response), response.rcode()) == ([], dns.rcode.NOERROR)


def test_a_cname_is_told_itself_when_asked_for() -> None:
    assert told(ask("www.example.test", "CNAME")) == ["www.example.test. 30 IN CNAME amy.example.test."]


def test_cnames_in_a_circle_are_given_up() -> None:
    assert ask("one.example.test").rcode() == dns.rcode.SERVFAIL


def test_names_of_no_zone_are_not_answered() -> None:
    assert answer(dns.message.make_query("elsewhere.test", "A"), ZONES) is None


def test_an_update_is_not_implemented() -> None:
    query = dns.message.make_query("amy.example.test", "A")
    query.set_opcode(dns.opcode.NOTIFY)
    response = answer(query, ZONES)
    assert response is not None and response.rcode() == dns.rcode.NOTIMP


def test_a_query_without_a_question_is_malformed() -> None:
    response = answer(dns.message.QueryMessage(), ZONES)
    assert response is not None and response.rcode() == dns.rcode.FORMERR


def test_a_long_answer_is_truncated() -> None:
    many = Zone(name=from_text("many.test"), records=(record("many.test", "A", *(f"10.0.0.{n}" for n in range(200))),))
    response = answer(dns.message.make_query("many.test", "A"), [many])
    assert response is not None
    wire = to_wire(response, largest=512)
    assert len(wire) <= 512
    assert dns.message.from_wire(wire).flags & dns.flags.TC
