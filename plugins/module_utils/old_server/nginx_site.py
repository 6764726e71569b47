# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nginx serves a domain with: its file, names, certificate, and the socket of the application behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

# nginx -T precedes each file by its name.
FILE = re.compile(r"^# configuration file (\S+):$")
TOKEN = re.compile(r"""\s+|#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([{};])|((?:\${[^}]*}|[^\s{};])+)""")
SOCKET = re.compile(r"^(?:https?://)?unix:([^:]+):?")
CHALLENGES = "/.well-known/acme-challenge"
PROXY = re.compile(r"^https?://([^/:]+)")


class SiteError(Exception):
    """The domain's site cannot be understood; the message says what is missing."""


@dataclass(frozen=True)
class Directive:
    """A directive of nginx: its words, and the directives in its braces."""

    words: tuple[str, ...]
    children: list[Directive] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The first word."""
        return self.words[0] if self.words else ""

    def all(self, name: str) -> Iterator[Directive]:
        """Yield every directive of a name, at any depth."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.all(name)


class Site(NamedTuple):
    """How nginx serves a domain."""

    file: str
    names: list[str]
    certificate: str
    certificate_key: str
    application_socket: str
    socket_files: list[str]
    challenge_root: str


def site_of(configuration: str, domain: str) -> Site:
    """Return the site of `domain`; `configuration` is what nginx -T prints.

    Raises SiteError if no server with TLS has that name, or if not exactly one Unix socket is behind it.
    """
    files = _files(configuration)
    whole = Directive(words=(), children=[child for tree in files.values() for child in tree.children])
    for file, tree in files.items():
        for server in [*tree.all("server")]:
            names = [name for one in server.children if one.name == "server_name" for name in one.words[1:]]
            certificate, key = _argument(server, "ssl_certificate"), _argument(server, "ssl_certificate_key")
            if domain in names and certificate and key:
                socket = _socket(server, whole, domain)
                naming = [name for name, one in files.items() if any(_names(one, socket))]
                return Site(file, names, certificate, key, socket, naming, _challenge_root(whole, domain))
    raise SiteError(f"nginx has no server with the name {domain} and a certificate (nginx -T)")


def _files(configuration: str) -> dict[str, Directive]:
    texts: dict[str, list[str]] = {}
    name = ""
    for line in configuration.splitlines():
        found = FILE.match(line)
        if found:
            name = found[1]
        texts.setdefault(name, []).append(line)
    return {name: _parse("\n".join(lines)) for name, lines in texts.items()}


def _parse(text: str) -> Directive:
    stack = [Directive(words=())]
    words: list[str] = []
    for quoted, apostrophed, mark, word in TOKEN.findall(text):
        if mark == "{":
            block = Directive(words=tuple(words))
            stack[-1].children.append(block)
            stack.append(block)
            words = []
        elif mark == "}":
            # A brace too many is nginx's to complain of.
            del stack[max(1, len(stack) - 1) :]
        elif mark == ";":
            stack[-1].children.append(Directive(words=tuple(words)))
            words = []
        elif quoted or apostrophed or word:
            words.append(quoted or apostrophed or word)
    return stack[0]


def _argument(server: Directive, name: str) -> str:
    return next((one.words[1] for one in server.children if one.name == name and len(one.words) > 1), "")


def _challenge_root(whole: Directive, domain: str) -> str:
    """Return where certbot puts what proves the domain (RFC 8555, HTTP-01); nothing if nginx does not say."""
    for server in whole.all("server"):
        if any(domain in one.words for one in server.children if one.name == "server_name"):
            for location in server.all("location"):
                if location.words[-1].startswith(CHALLENGES):
                    return _argument(location, "root")
    return ""


def _names(tree: Directive, socket: str) -> Iterator[bool]:
    return (
        f"unix:{socket}" in word for name in ("server", "proxy_pass") for one in tree.all(name) for word in one.words
    )


def _socket(server: Directive, whole: Directive, domain: str) -> str:
    upstreams = {
        one.words[1]: [child.words[1] for child in one.children if child.name == "server"]
        for one in whole.all("upstream")
    }
    sockets: set[str] = set()
    others: set[str] = set()
    for proxy in server.all("proxy_pass"):
        target = PROXY.match(proxy.words[1])
        addresses = [proxy.words[1]] if SOCKET.match(proxy.words[1]) else upstreams.get(target[1] if target else "", [])
        for address in addresses or [proxy.words[1]]:
            found = SOCKET.match(address)
            if found:
                sockets.add(str(found[1]))
            else:
                others.add(address)
    if len(sockets) != 1 or others:
        behind = ", ".join(sorted(sockets | others)) or "nothing"
        raise SiteError(
            f"Behind {domain} nginx has {behind}; requests can be held only before one Unix socket. Let gunicorn "
            "listen on one (--bind unix:/webapps/DOMAIN/gunicorn.sock) and nginx pass to it"
        )
    (socket,) = sockets
    return socket
