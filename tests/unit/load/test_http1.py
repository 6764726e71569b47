# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a server that misbehaves in every way it must tell apart."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from lab.load.destination import REFUSED, Fixed
from lab.load.http1 import CLOSED, HALF, MALFORMED, RESET, TIMEOUT, Client, ExchangeError, Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Release: v1\r\n\r\nok"
PAGE = Request(target="/")

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def ask(
    behaviour: Behaviour, *requests: Request, timeout: float = 5.0, pause: float = 0.0
) -> tuple[list[object], Client]:
    """Ask `requests` one after the other; return each answer's body or the reason there is none, and the client."""

    async def run() -> tuple[list[object], Client]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await behaviour(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = Client(destination=Fixed(server.sockets[0].getsockname()[:2]), host="example.test")
        outcomes: list[object] = []
        for request in requests:
            try:
                outcomes.append((await client.ask(request, timeout=timeout)).body)
            except ExchangeError as error:
                outcomes.append(error.reason)
            await asyncio.sleep(pause)
        client.close()
        server.close()
        return outcomes, client

    return asyncio.run(run())


async def head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def saying(answer: bytes) -> Behaviour:
    """Say the same once to each connection, then close it."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(answer)
        await writer.drain()

    return behaviour


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;x=y\r\n!\r\n0\r\n\r\n", b"ok!"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal", HALF),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", HALF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhal", HALF),
        (b"HTTP/1.1 200", HALF),
        (b"", CLOSED),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", MALFORMED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", MALFORMED),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", MALFORMED),
    ],
)
def test_answers(said: bytes, outcome: object) -> None:
    assert ask(saying(said), PAGE)[0] == [outcome]


def test_a_reset_is_no_close() -> None:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert ask(behaviour, PAGE)[0] == [RESET]


def test_a_server_that_hangs_costs_the_timeout() -> None:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert ask(behaviour, PAGE, timeout=0.1)[0] == [TIMEOUT]


def test_no_server() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Client(destination=Fixed(free.getsockname()), host="example.test")
        with pytest.raises(ExchangeError, match=REFUSED):
            asyncio.run(client.ask(PAGE, timeout=5))


class Counting:
    """Answers `answers` requests on each connection, then closes it; counts connections and requests."""

    def __init__(self, *, answers: int, close_unanswered: bool = False) -> None:
        self.answers = answers
        self.close_unanswered = close_unanswered
        self.connections = 0
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for _ in range(self.answers):
            self.requests.append(await head(reader))
            writer.write(OK)
        if self.close_unanswered:
            self.requests.append(await head(reader))


def test_connections_are_kept() -> None:
    server = Counting(answers=3)
    outcomes, client = ask(server, PAGE, PAGE, PAGE)
    assert (outcomes, server.connections, client.reopened) == ([b"ok"] * 3, 1, 0)
    assert b"Host: example.test\r\n" in server.requests[0]


def test_a_connection_closed_while_idle_is_replaced_and_counted() -> None:
    server = Counting(answers=1)
    outcomes, client = ask(server, PAGE, PAGE, PAGE, pause=0.05)
    assert (outcomes, server.connections, client.reopened) == ([b"ok"] * 3, 3, 2)


def test_a_request_sent_on_a_kept_connection_is_never_sent_twice() -> None:
    server = Counting(answers=1, close_unanswered=True)
    outcomes, client = ask(server, PAGE, PAGE, pause=0.05)
    assert outcomes == [b"ok", CLOSED]
    assert (len(server.requests), client.reopened) == (2, 0)


def test_a_throttled_body_arrives_whole_and_takes_its_time() -> None:
    body = bytes(range(256)) * 40
    received = bytearray()
    seconds = 0.0

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seconds
        for _ in range(2):  # the connection is kept after an upload
            assert b"Content-Length: 10240\r\n" in await head(reader)
            begin = asyncio.get_running_loop().time()
            received.extend(await reader.readexactly(len(body)))
            seconds = asyncio.get_running_loop().time() - begin
            writer.write(OK)

    upload = Request(method="POST", target="/upload/", body=body, sending_seconds=0.3)
    assert ask(behaviour, upload, upload)[0] == [b"ok", b"ok"]
    assert received == body * 2
    assert 0.2 < seconds < 2


def test_an_answer_before_the_end_of_the_upload_counts() -> None:
    server = saying(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")
    upload = Request(method="POST", target="/upload/", body=b"x" * 1000, sending_seconds=30)
    assert ask(server, upload)[0] == [b"busy"]
