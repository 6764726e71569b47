# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that follows a name, with a resolver and sites that can be told what to do."""

from __future__ import annotations

import asyncio
import socketserver
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest
from moto.acm.models import CertBundle

from lab.load.destination import FOREIGN, HANDSHAKE, REFUSED, UNRESOLVED, Followed
from lab.load.http1 import MAX_IDLE, Client, ExchangeError, Request
from lab.load.options import Options
from lab.local_cloud.authority import Authority
from tests.serving import serving

NAME = "amy.example.test"
OLD, NEW = "127.0.0.1", "127.0.0.2"
PAGE = Request(target="/")


class NameServer(socketserver.UDPServer):
    """Says that NAME has `address` for `ttl` seconds, or nothing while `address` is empty; counts the questions."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address, self.ttl, self.questions = OLD, 60, 0


class Handler(socketserver.BaseRequestHandler):
    """Answers one datagram."""

    server: NameServer

    def handle(self) -> None:
        wire, socket = self.request
        query = dns.message.from_wire(wire)
        self.server.questions += 1
        response = dns.message.make_response(query)
        if self.server.address:
            response.answer.append(dns.rrset.from_text(f"{NAME}.", self.server.ttl, "IN", "A", self.server.address))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        socket.sendto(response.to_wire(), self.client_address)


@pytest.fixture
def names() -> Iterator[NameServer]:
    """A running name server."""
    with serving(NameServer()) as server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an authority and of a site's key and certificate, `site.pem` beside it."""
    directory = tmp_path_factory.mktemp("authority")
    authority = Authority(directory / "authority.pem")
    bundle = CertBundle.generate_cert(NAME, "1", "us-east-1")
    (directory / "site.pem").write_bytes(bundle.key + authority.signed(bundle.cert))
    return directory / "authority.pem"


Story = Callable[[Client], Awaitable[list[str]]]


def told(
    names: NameServer, story: Story, *, tls: Path | None = None, trusted: Path | None = None, name: str = NAME
) -> tuple[list[str], dict[str, int]]:
    """Run `story` against two sites, OLD and NEW, which say their address; return it and the connections opened."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = str(writer.get_extra_info("sockname")[0]).encode()
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(own), own))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    async def run() -> tuple[list[str], dict[str, int]]:
        context = client_context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.with_name("site.pem"))
            client_context = ssl.create_default_context(cafile=trusted and str(trusted))
        first = await asyncio.start_server(serve, OLD, 0, ssl=context)
        port = first.sockets[0].getsockname()[1]
        second = await asyncio.start_server(serve, NEW, port, ssl=context)
        resolver = ("127.0.0.1", int(names.server_address[1]))
        destination = Followed(name=name, port=port, resolver=resolver, context=client_context)
        client = Client(destination=destination, host=NAME)
        try:
            return await story(client), dict(destination.opened)
        finally:
            client.close()
            first.close()
            second.close()

    return asyncio.run(run())


async def ask(client: Client) -> str:
    """The body of an answer, or why there is none."""
    try:
        return (await client.ask(PAGE, timeout=5)).body.decode()
    except ExchangeError as error:
        return error.reason


def test_a_new_connection_goes_where_the_name_leads_once_the_ttl_is_over(names: NameServer) -> None:
    names.ttl = 3

    async def story(client: Client) -> list[str]:
        seen = [await ask(client)]
        names.address = NEW
        client.close()
        seen.append(await ask(client))  # by an answer that still counts
        client.close()
        await asyncio.sleep(3.1)
        return [*seen, await ask(client)]

    assert told(names, story) == ([OLD, OLD, NEW], {OLD: 2, NEW: 1})
    assert names.questions == 2


def test_a_kept_connection_stays_where_it_is_until_it_was_idle_for_long(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.ttl = 0
    monkeypatch.setattr("lab.load.http1.MAX_IDLE", 2.0)

    async def story(client: Client) -> list[str]:
        seen = [await ask(client)]
        names.address = NEW
        seen.append(await ask(client))
        await asyncio.sleep(2.1)
        return [*seen, await ask(client)]

    assert told(names, story)[0] == [OLD, OLD, NEW]
    assert MAX_IDLE == 20


def test_many_who_need_the_address_at_once_ask_once(names: NameServer) -> None:
    async def story(client: Client) -> list[str]:
        return list(await asyncio.gather(*(ask(client) for _ in range(10))))

    assert told(names, story)[0] == [OLD] * 10
    assert names.questions == 1


def test_a_handshake_is_verified(names: NameServer, authority: Path) -> None:
    async def story(client: Client) -> list[str]:
        return [await ask(client)]

    assert told(names, story, tls=authority, trusted=authority) == ([OLD], {OLD: 1})
    assert told(names, story, tls=authority) == ([HANDSHAKE], {})


def test_a_certificate_of_another_name_is_refused(names: NameServer, authority: Path) -> None:
    async def story(client: Client) -> list[str]:
        return [await ask(client)]

    other = f"other.{NAME}"
    assert told(names, story, tls=authority, trusted=authority, name=other)[0] == [UNRESOLVED]
    certificate = CertBundle.generate_cert("stranger.test", "1", "us-east-1")
    own = (authority.with_name("site.pem")).read_bytes()
    try:
        pem = certificate.key + Authority(authority).signed(certificate.cert)
        authority.with_name("site.pem").write_bytes(pem)
        assert told(names, story, tls=authority, trusted=authority)[0] == [HANDSHAKE]
    finally:
        authority.with_name("site.pem").write_bytes(own)


@pytest.mark.parametrize(
    ("address", "reason"), [("", UNRESOLVED), ("192.0.2.1", FOREIGN), ("10.78.0.1", FOREIGN), ("127.0.0.3", REFUSED)]
)
def test_each_way_to_get_no_connection_has_its_name(names: NameServer, address: str, reason: str) -> None:
    names.address = address

    async def story(client: Client) -> list[str]:
        return [await ask(client)]

    assert told(names, story) == ([reason], {})


def test_a_silent_resolver_is_asked_twice(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.load.destination.LOOKUP_SECONDS", 0.1)
    monkeypatch.setattr(Handler, "handle", lambda self: setattr(self.server, "questions", self.server.questions + 1))

    async def story(client: Client) -> list[str]:
        return [await ask(client)]

    assert told(names, story)[0] == [UNRESOLVED]
    assert names.questions == 2


@pytest.mark.parametrize("resolver", ["8.8.8.8", "10.78.0.1:53", "localhost"])
def test_other_resolvers_than_this_machines_are_refused(resolver: str) -> None:
    with pytest.raises(ValueError, match="on this machine only"):
        Options(url="https://amy.example.test", resolver=resolver)


@pytest.mark.parametrize("url", ["ftp://amy.example.test", "https://", "https://amy.example.test/path"])
def test_a_site_is_named_by_its_whole_address(url: str) -> None:
    with pytest.raises(ValueError, match="address of a site"):
        Options(url=url, resolver="10.77.0.1")


def test_options_tell_where_connections_go(authority: Path) -> None:
    options = Options(url="https://amy.example.test", resolver="10.77.0.1", ca_file=str(authority))
    assert options.name_server == ("10.77.0.1", 53)
    assert isinstance(options.destination(), Followed)
