# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP/1.1 client that hides nothing: no retry, no redirect, and every way to fail has its own name."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from dataclasses import dataclass, field

from lab.load.destination import ConnectError, Destination

MAX_IDLE = 20.0  # seconds: a connection unused for longer is not used again, as in browsers
MAX_IDLE_CONNECTIONS = 64
SENDING_STEPS = 16  # pieces in which a throttled body is sent


class ExchangeError(Exception):
    """A request got no whole answer. `reason` is one of the words below or of destination's; the message says more."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


RESET = "reset"  # connection reset before the answer was whole
CLOSED = "closed"  # connection closed before the first byte of an answer
HALF = "half answer"  # connection closed in the middle of an answer
TIMEOUT = "timeout"
MALFORMED = "malformed answer"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; its body is sent evenly over `sending_seconds`."""

    method: str = "GET"
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sending_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection, used for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.reusable = True
        self.idle_since = time.monotonic()

    @property
    def closed_by_peer(self) -> bool:
        """Whether the peer closed or reset the connection while it was idle."""
        return self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing()

    async def exchange(self, request: Request, *, host: str) -> Answer:
        """Send `request` and return the answer, also one that comes before the body is all sent.

        Raises ExchangeError. Leaves `reusable` true only if both directions are at a clean end.
        """
        self.reusable = False
        sending = asyncio.create_task(self._send(request, host=host))
        try:
            answer, keep = await self._receive()
            self.reusable = keep and sending.done()
        except asyncio.IncompleteReadError as error:
            raise ExchangeError(HALF if error.partial else CLOSED) from error
        except (ConnectionError, ssl.SSLError) as error:
            raise ExchangeError(RESET, str(error)) from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise ExchangeError(MALFORMED, str(error)) from error
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)  # a broken send shows in what is received
        self.idle_since = time.monotonic()
        return answer

    def close(self) -> None:
        """Close without waiting."""
        self._writer.close()

    async def _send(self, request: Request, *, host: str) -> None:
        headers = {"Host": host, "User-Agent": "load", **request.headers}
        if request.method != "GET":
            headers["Content-Length"] = str(len(request.body))
        lines = [
            f"{request.method} {request.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if not request.sending_seconds:
            self._writer.write(request.body)
            await self._writer.drain()
            return
        step = -(-len(request.body) // SENDING_STEPS) or 1
        for start in range(0, len(request.body), step):
            await asyncio.sleep(request.sending_seconds / SENDING_STEPS)
            self._writer.write(request.body[start : start + step])
            await self._writer.drain()

    async def _receive(self) -> tuple[Answer, bool]:
        """Return the answer and whether the connection may carry another request."""
        status, headers = await self._receive_head()
        while status == 100:
            status, headers = await self._receive_head()
        keep = headers.get("connection", "").lower() != "close"
        try:
            if "chunked" in headers.get("transfer-encoding", "").lower():
                body = await self._receive_chunks()
            elif "content-length" in headers:
                body = await self._reader.readexactly(int(headers["content-length"]))
            elif status in {204, 304}:
                body = b""
            else:
                body, keep = await self._reader.read(), False
        except asyncio.IncompleteReadError as error:
            raise ExchangeError(HALF, f"{len(error.partial)} of {error.expected} bytes of the body") from error
        return Answer(status=status, headers=headers, body=body), keep

    async def _receive_head(self) -> tuple[int, dict[str, str]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        version, status = first.split(" ")[:2]
        if version != "HTTP/1.1":
            raise ValueError(f"not HTTP/1.1: {first}")
        pairs = (line.split(":", maxsplit=1) for line in lines)
        return int(status), {name.strip().lower(): value.strip() for name, value in pairs}

    async def _receive_chunks(self) -> bytes:
        chunks = []
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
            chunks.append((await self._reader.readexactly(size + 2))[:-2])
            if not size:
                return b"".join(chunks)


class Client:
    """Keep-alive connections to one site.

    The only second attempt is a browser's: a kept connection that was closed while idle, before any byte of the
    request was sent, is replaced. `reopened` counts these.
    """

    def __init__(self, *, destination: Destination, host: str) -> None:
        self._destination = destination
        self._host = host
        self._idle: deque[Connection] = deque()
        self.reopened = 0

    async def ask(self, request: Request, *, timeout: float) -> Answer:
        """Return the answer to `request`; raise ExchangeError when none came whole within `timeout` seconds."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout(timeout):
                connection = self._take_idle() or await self._connect()
                return await connection.exchange(request, host=self._host)
        except TimeoutError as error:
            raise ExchangeError(TIMEOUT, f"no whole answer in {timeout:g} s") from error
        finally:
            if connection:
                self._give_back(connection)

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed_by_peer and time.monotonic() - connection.idle_since < MAX_IDLE:
                return connection
            self.reopened += connection.closed_by_peer
            connection.close()
        return None

    def _give_back(self, connection: Connection) -> None:
        if connection.reusable and len(self._idle) < MAX_IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    async def _connect(self) -> Connection:
        try:
            return Connection(*await self._destination.connect())
        except ConnectError as error:
            raise ExchangeError(error.reason, str(error)) from error
