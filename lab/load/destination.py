# SPDX-License-Identifier: GPL-3.0-or-later
"""Where connections go: to one address for good, or to where a name leads at the time, as a browser goes.

A resolver's answer is used for its TTL, and not a moment longer; of several addresses, the first. A TLS handshake is
verified, and names the site.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from typing import Protocol, cast

import dns.asyncquery
import dns.exception
import dns.message
import dns.rdatatype
from dns.message import QueryMessage

from lab.local_cloud.settings import Settings

LARGEST_HEAD = 64 * 1024  # bytes
LOOKUP_SECONDS = 5.0  # until a resolver that is silent is asked once more
LOOKUPS = 2

REFUSED = "refused"  # no connection
HANDSHAKE = "failed TLS handshake"
UNRESOLVED = "not resolved"  # the resolver knows no address, or is silent
FOREIGN = "foreign address"  # the name leads out of this machine; nothing was sent there

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ConnectError(Exception):
    """There is no connection. `reason` is one of the words above."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Destination(Protocol):
    """What a client connects to."""

    opened: Counter[str]
    """How many connections were opened, by address."""

    async def connect(self) -> Streams:
        """Open a connection. Raises ConnectError."""


class Fixed:
    """One address, without TLS."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.opened: Counter[str] = Counter()

    async def connect(self) -> Streams:
        """Open a connection. Raises ConnectError."""
        connected = await _connected(self._address)
        self.opened[self._address[0]] += 1
        return await asyncio.open_connection(sock=connected, limit=LARGEST_HEAD)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A resolver's answer, and until when (monotonic seconds) it may be used."""

    address: str
    expires: float


class Followed:
    """The address that `name` has by then at the resolver; `context` is for TLS."""

    def __init__(
        self, *, name: str, port: int, resolver: tuple[str, int], context: ssl.SSLContext | None = None
    ) -> None:
        self._name = name
        self._port = port
        self._resolver = resolver
        self._context = context
        self._lookup: Lookup | None = None
        self._asking = asyncio.Lock()
        self.opened: Counter[str] = Counter()

    async def connect(self) -> Streams:
        """Open a connection. Raises ConnectError."""
        address = await self._resolve()
        if not is_ours(address):
            raise ConnectError(FOREIGN, f"{self._name} leads to {address}")
        connected = await _connected((address, self._port))
        server_name = self._name if self._context else None
        try:
            streams = await asyncio.open_connection(
                sock=connected, ssl=self._context, server_hostname=server_name, limit=LARGEST_HEAD
            )
        except OSError as error:
            raise ConnectError(HANDSHAKE, f"with {address}: {error or type(error).__name__}") from error
        self.opened[address] += 1
        return streams

    async def _resolve(self) -> str:
        """The name's address; those who need it at the same time share one question."""
        async with self._asking:
            if self._lookup is None or time.monotonic() >= self._lookup.expires:
                self._lookup = await self._ask()
            return self._lookup.address

    async def _ask(self) -> Lookup:
        where, port = self._resolver
        failure: Exception | None = None
        for _ in range(LOOKUPS):
            query = dns.message.make_query(self._name, dns.rdatatype.A)
            try:
                response, _ = await dns.asyncquery.udp_with_fallback(query, where, timeout=LOOKUP_SECONDS, port=port)
                chain = cast(QueryMessage, response).resolve_chaining()
            except (dns.exception.DNSException, OSError) as error:
                failure = error
                continue
            if chain.answer is None:
                raise ConnectError(UNRESOLVED, f"{self._name} has no address at {where}")
            return Lookup(address=chain.answer[0].address, expires=time.monotonic() + chain.minimum_ttl)
        raise ConnectError(UNRESOLVED, f"{self._name} at {where}: {failure or type(failure).__name__}") from failure


def is_ours(address: str) -> bool:
    """Whether an address is on this machine: loopback, or in the local cloud's network."""
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return found.is_loopback or found in Settings().network


async def _connected(address: tuple[str, int]) -> socket.socket:
    """A connected socket. Raises ConnectError."""
    connecting = socket.socket()
    connecting.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connecting, address)
    except OSError as error:
        connecting.close()
        raise ConnectError(REFUSED, str(error)) from error
    except BaseException:
        connecting.close()
        raise
    return connecting
