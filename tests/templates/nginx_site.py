# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that nginx serves here, with the role's own configuration, and an application behind it that tests command."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import socket
import socketserver
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.serving import serving
from tests.templates.programs import program
from tests.templates.rendering import Template, render

DOMAIN = "amy.example.test"
# Addresses of loopback stand for who connects.
HOST_ITSELF, BALANCER, STRANGER = "127.0.0.1", "127.0.0.9", "127.0.0.5"


@dataclass(frozen=True)
class Answer:
    """What nginx answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


@dataclass(frozen=True)
class Site:
    """A site that nginx serves on a port of loopback; health check and counters (`status`) have ports of their own."""

    root: Path
    port: int
    health: int
    status: int

    def switch(self, mode: str) -> None:
        """Rename the page as an operator does by hand."""
        names = ["maintenance_off.html", "maintenance_on.html"]
        before, after = names if mode == "on" else reversed(names)
        (self.root / before).rename(self.root / after)

    def plan(self, seconds: float) -> None:
        """Say by the page's time of modification when the maintenance ends."""
        end = time.time() + seconds
        os.utime(self.root / "maintenance_on.html", (end, end))

    def ask(
        self,
        method: str = "GET",
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        path: str = "/static/site.css",
        by: str = STRANGER,
        port: int | None = None,
    ) -> Answer:
        """Ask for a static file, the answer of an open site, or for another `path`; `by` is the address that asks."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20, source_address=(by, 0))
        connection.request(method, path, body=body or None, headers={"Host": DOMAIN, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return Answer(answer.status, answer.headers, content, time.monotonic() - began)

    def health_check(self) -> Answer:
        """Ask as the load balancer asks."""
        return self.ask(path="/healthz", port=self.health, headers={"Host": f"127.0.0.1:{self.health}"}, by=BALANCER)

    def connect(self) -> socket.socket:
        """A bare connection of a visitor, for what is no plain request."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def log(self, name: str) -> str:
        """The text of nginx_<name>.log."""
        return (self.root / f"nginx_{name}.log").read_text(encoding="utf-8", errors="replace")

    def retry_after(self) -> int:
        """Seconds after which a visitor is told to come back."""
        return int(self.ask().headers["Retry-After"])


def free_ports(count: int) -> list[int]:
    """Ports that no program listens on, below those that Linux gives to clients."""
    found: list[int] = []
    while len(found) < count:
        port = 20000 + secrets.randbelow(12000)
        with suppress(OSError), socket.create_server(("", port)):
            found += [port] if port not in found else []
    return found


def configured(root: Path, **overrides: Any) -> str:
    """The role's configuration for a site in `root`."""
    port, health, status = free_ports(3)
    text = render(
        Template(role="nginx", path="nginx.conf.j2"),
        **{
            "nginx_site_root": str(root),
            "nginx_log_directory": str(root),
            "nginx_upstream_socket": str(root / "application.sock"),
            "nginx_real_ip_from": [f"{BALANCER}/32"],
            "nginx_port": port,
            "nginx_health_port": health,
            "nginx_status_port": status,
            "nginx_redirect_to_https": False,
            "__nginx_pages": str(root),
            **overrides,
        },
    )
    # It runs here as who runs the tests, who alone can read the temporary folder.
    text = re.sub(r"^user .*;", "user root;" if os.getuid() == 0 else "", text, flags=re.MULTILINE)
    text = text.replace("/var/lib/nginx/", f"{root}/")
    return text.replace("pid /run/nginx.pid;", f"pid {root}/nginx.pid; daemon off;")


@contextmanager
def served(configuration: str, root: Path) -> Iterator[Site]:
    """The site in `root`, by nginx with `configuration`, until the block ends."""
    (root / "maintenance_off.html").write_text("<h1>Closed</h1>")
    (root / "down.html").write_text("<h1>Back in a moment</h1>")
    (root / "static").mkdir()
    (root / "static/site.css").write_text("open")
    (root / "nginx.conf").write_text(configuration)
    port, _site, health, status = map(
        int, re.findall(r"listen (?:127\.0\.0\.1:)?(\d+)(?: default_server)?;", configuration)
    )
    site = Site(root=root, port=port, health=health, status=status)
    with subprocess.Popen([program("nginx"), "-c", root / "nginx.conf"]) as nginx:
        try:
            wait_for(site, nginx)
            yield site
        finally:
            nginx.terminate()


def wait_for(site: Site, nginx: subprocess.Popen[bytes]) -> None:
    """Return when the site answers. Raises ConnectionRefusedError if it never does."""
    for _attempt in range(200):
        with suppress(ConnectionRefusedError):
            site.ask()
            return
        if nginx.poll() is not None:
            break
        time.sleep(0.05)
    raise ConnectionRefusedError("nginx does not run; what it has said is above")


@dataclass
class Application:
    """What is behind nginx: it keeps the requests, and answers each as `answer` does by the handler's methods."""

    answer: Callable[[BaseHTTPRequestHandler], None]
    requests: list[BaseHTTPRequestHandler] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def last(self) -> BaseHTTPRequestHandler:
        """The newest request."""
        return self.requests[-1]


def reply(
    handler: BaseHTTPRequestHandler, body: bytes = b"well", status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    """One whole answer."""
    handler.send_response(status)
    for name, value in (*headers, ("Content-Length", str(len(body)))):
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def application(socket_path: Path, answer: Callable[[BaseHTTPRequestHandler], None] = reply) -> Iterator[Application]:
    """An application on the Unix socket, until the block ends; then the socket refuses."""
    behind = Application(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            behind.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            behind.requests.append(self)
            behind.answer(self)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

        def address_string(self) -> str:
            return "unix"

    try:
        with serving(_Server(str(socket_path), Handler)):
            yield behind
    finally:
        socket_path.unlink(missing_ok=True)
