# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets and Server-Sent Events through a real nginx."""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler

import pytest

from plugins.module_utils._nginx_drain import parse
from tests.templates.nginx_site import DOMAIN, Application, Site, reply

HANDSHAKE = (
    f"GET /live/ HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def echoes(handler: BaseHTTPRequestHandler) -> None:
    """Accept the WebSocket, and send back what comes (frames are the business of both ends alone)."""
    if (handler.headers["Upgrade"], (handler.headers["Connection"] or "").lower()) != ("websocket", "upgrade"):
        reply(handler, status=400)
        return
    handler.send_response_only(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.end_headers()
    while data := handler.connection.recv(4096):
        handler.connection.sendall(data)
    handler.close_connection = True


def opened(site: Site) -> socket.socket:
    """An open WebSocket."""
    connection = site.connect()
    connection.sendall(HANDSHAKE.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    assert answer.startswith(b"HTTP/1.1 101")
    return connection


def in_flight(site: Site) -> int:
    """What a drain sees."""
    with urllib.request.urlopen(f"http://127.0.0.1:{site.status}/", timeout=5) as page:
        return parse(page.read().decode()).in_flight


def test_a_web_socket_is_open_in_both_directions_and_in_flight(site: Site, behind: Application) -> None:
    behind.answer = echoes
    with opened(site) as connection:
        for message in (b"\x81\x05hello", b"\x89\x00"):
            connection.sendall(message)
            assert connection.recv(100) == message
        assert in_flight(site) == 1
    assert behind.last.headers["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ=="


def test_a_web_socket_ends_when_the_application_ends_it(site: Site, behind: Application) -> None:
    behind.answer = echoes
    with opened(site) as connection:
        behind.last.connection.shutdown(socket.SHUT_RDWR)
        assert connection.recv(100) == b""


@pytest.mark.parametrize("upgrade", ["h2c", "websocket, h2c", None])
def test_a_connection_is_upgraded_to_nothing_else(site: Site, behind: Application, upgrade: str | None) -> None:
    asked = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": upgrade} if upgrade else {}
    assert site.ask(path="/", headers=asked).status == 200
    assert behind.last.headers["Upgrade"] is None
    # So that the connection to the application lives on.
    assert behind.last.headers["Connection"] is None


def test_an_event_reaches_the_visitor_when_it_is_sent(site: Site, behind: Application) -> None:
    more = threading.Event()

    def stream(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("X-Accel-Buffering", "no")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"data: first\n\n")
        assert more.wait(timeout=10)
        handler.wfile.write(b"data: second\n\n")

    behind.answer = stream
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    connection.request("GET", "/events/", headers={"Host": DOMAIN, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    assert answer.read(13) == b"data: first\n\n"
    more.set()
    assert answer.read() == b"data: second\n\n"
    connection.close()
