# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolver says of the names in hosted zones, as a function of the zones. Nothing here listens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rrset import RRset

LONGEST_CHAIN = 8  # CNAMEs and aliases followed for one question


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record set of Route 53: `values` with a `ttl` of seconds, or an `alias` of what another name has."""

    name: Name
    type: str
    ttl: int = 0
    values: tuple[str, ...] = ()
    alias: Name | None = None


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A hosted zone. What is not among its records does not exist."""

    name: Name
    records: tuple[Record, ...]


def answer(query: Message, zones: Iterable[Zone]) -> Message | None:
    """The answer to a query; None if its name is in none of the zones."""
    response = dns.message.make_response(query, recursion_available=True)
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    if len(query.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    question = query.question[0]
    zones = list(zones)
    if _zone_of(question.name, zones) is None:
        return None
    response.flags |= dns.flags.AA
    _answer_question(response, question, zones)
    return response


def to_wire(response: Message, *, largest: int) -> bytes:
    """The response as bytes, truncated if it has more than `largest`."""
    return response.to_wire(max_size=largest, prefer_truncation=True)


def _answer_question(response: Message, question: RRset, zones: list[Zone]) -> None:
    """Fill in the records that the question leads to, by CNAMEs and aliases, as far as they stay in the zones."""
    name = question.name
    for _ in range(LONGEST_CHAIN):
        zone = _zone_of(name, zones)
        if zone is None:
            return  # the CNAME leads elsewhere; who asked goes on
        found = _lookup(name, question.rdtype, zone, zones)
        if found is not None:
            response.answer.append(found)
            return
        link = _lookup(name, dns.rdatatype.CNAME, zone, zones)
        if link is None:
            _deny(response, name, zone, zones)
            return
        response.answer.append(link)
        name = link[0].target
    response.set_rcode(dns.rcode.SERVFAIL)


def _zone_of(name: Name, zones: Iterable[Zone]) -> Zone | None:
    return max(
        (zone for zone in zones if name.is_subdomain(zone.name)), key=lambda zone: len(zone.name.labels), default=None
    )


def _lookup(name: Name, kind: dns.rdatatype.RdataType, zone: Zone, zones: list[Zone], depth: int = 0) -> RRset | None:
    """The record set of a name. An alias is answered with its target's values and TTL, under its own name."""
    for record in zone.records:
        if record.name != name or dns.rdatatype.from_text(record.type) != kind:
            continue
        if record.alias is None:
            return dns.rrset.from_text(name, record.ttl, dns.rdataclass.IN, kind, *record.values)
        target = _zone_of(record.alias, zones)
        if target is None or depth == LONGEST_CHAIN:
            return None
        found = _lookup(record.alias, kind, target, zones, depth + 1)
        return None if found is None else dns.rrset.from_rdata_list(name, found.ttl, list(found))
    return None


def _deny(response: Message, name: Name, zone: Zone, zones: list[Zone]) -> None:
    """Say that the name does not exist, or has no records of the kind; the zone's SOA says for how long that holds."""
    if not any(record.name.is_subdomain(name) for record in zone.records):
        response.set_rcode(dns.rcode.NXDOMAIN)
    authority = _lookup(zone.name, dns.rdatatype.SOA, zone, zones)
    if authority is not None:
        response.authority.append(authority)
