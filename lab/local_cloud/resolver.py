# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPC's resolver: the names of Route 53's hosted zones and of load balancers; all others as this computer does."""

from __future__ import annotations

import contextlib
import logging
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.resolver
from dns.message import Message
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from lab.local_cloud.resolver_answers import Record, Zone, answer, to_wire
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

logger = logging.getLogger(__name__)

FORWARD_SECONDS = 5.0
LARGEST_DATAGRAM = 512  # bytes, of an answer to who does not say that he takes more
LARGEST_MESSAGE = 65535
# What Route 53 says of load balancers, whose addresses change.
BALANCER_TTL = 60


class Resolver:
    """Answers on the gateway, by UDP and TCP. It only reads, so it needs no lock."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world

    def install(self) -> None:
        """Nothing to hook into: every answer is made from moto's state at the time."""

    def after_replay(self) -> None:
        """Listen; a computer whose own name server has the port on all addresses goes without."""
        address = (str(self._settings.gateway), self._settings.resolver_port)
        for kind, handler in ((_DatagramServer, _datagram_handler(self)), (_StreamServer, _stream_handler(self))):
            try:
                server = kind(address, handler)
            except OSError as error:
                logger.warning("nothing resolves the stage's names: port %d of %s: %s", address[1], address[0], error)
                return
            threading.Thread(target=server.serve_forever, name=kind.__name__, daemon=True).start()

    def tick(self) -> None:
        """Nothing to follow."""

    def close(self) -> None:
        """Nothing is left: the servers end with their process."""

    def respond(self, wire: bytes, *, largest: int | None = None) -> bytes | None:
        """The answer to the bytes of a query, of at most `largest` bytes or what the query allows; None to noise."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        response = answer(query, [*self._hosted_zones(), *self._balancer_zones()]) or _forward(query)
        return to_wire(response, largest=largest or max(query.payload, LARGEST_DATAGRAM))

    def _hosted_zones(self) -> Iterator[Zone]:
        for zone in list(route53_backends[self._settings.account]["aws"].zones.values()):
            if not zone.private_zone:
                records = tuple(_record(record) for record in list(zone.rrsets))
                yield Zone(name=dns.name.from_text(zone.name), records=records)

    def _balancer_zones(self) -> Iterator[Zone]:
        """One zone for each region's load balancers; a balancer has a second name, for who wants IPv6, too."""
        for region, backend in list(elbv2_backends[self._settings.account].items()):
            records = tuple(
                Record(
                    name=dns.name.from_text(prefix + balancer.dns_name),
                    type="A",
                    ttl=BALANCER_TTL,
                    values=(str(balancer.bridge_address),),
                )
                for balancer in list(backend.load_balancers.values())
                for prefix in ("", "dualstack.")
            )
            if records:
                yield Zone(name=dns.name.from_text(f"{region}.elb.amazonaws.com"), records=records)


def _record(record: Any) -> Record:
    alias = record.alias_target
    # moto keeps the values of the records that each zone begins with as the API would tell them.
    values = (value["Value"] if isinstance(value, dict) else value for value in record.records or ())
    return Record(
        name=dns.name.from_text(record.name),
        type=record.type,
        ttl=int(record.ttl or 0),
        values=tuple(values),
        alias=dns.name.from_text(alias["DNSName"]) if alias else None,
    )


def _forward(query: Message) -> Message:
    """What this computer's own name servers say; SERVFAIL if none of them says anything."""
    with contextlib.suppress(dns.exception.DNSException, OSError):
        for server in dns.resolver.Resolver().nameservers:
            with contextlib.suppress(dns.exception.Timeout, OSError):
                return dns.query.udp_with_fallback(query, str(server), timeout=FORWARD_SECONDS)[0]
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.SERVFAIL)
    return response


class _DatagramServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _StreamServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _datagram_handler(resolver: Resolver) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            response = resolver.respond(wire)
            if response is not None:
                socket.sendto(response, self.client_address)

    return Handler


def _stream_handler(resolver: Resolver) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        timeout = FORWARD_SECONDS

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while length := int.from_bytes(self.rfile.read(2), "big"):
                    response = resolver.respond(self.rfile.read(length), largest=LARGEST_MESSAGE)
                    if response is None:
                        return
                    self.wfile.write(len(response).to_bytes(2, "big") + response)

    return Handler
