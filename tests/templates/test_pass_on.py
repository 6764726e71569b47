# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx of the old server passes on to the fleet, while a visitor's DNS still leads to it."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.serving import serving
from tests.templates.nginx_site import DOMAIN, free_ports, reply
from tests.templates.programs import program
from tests.templates.rendering import ROLES

TEMPLATE = ROLES.parent / "playbooks/modernization/templates/pass_on.conf.j2"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key in one file."""
    file = tmp_path_factory.mktemp("tls") / "site.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}"]
    subprocess.run([*made, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


class Fleet(BaseHTTPRequestHandler):
    """Answers with as long a header as it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        reply(self, headers=(("Set-Cookie", self.headers["Cookie"]),))

    def log_message(self, *_arguments: Any) -> None:
        """Keep the tests quiet."""


@contextmanager
def fleet(certificate: Path) -> Iterator[int]:
    """The load balancer; returns its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fleet)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server.server_address[1]


def configuration(*, balancer: str, certificate: Path, root: Path, port: int) -> str:
    """The old server's nginx with the template as its only site, which listens on `port`."""
    variables = {
        "ansible_managed": "Ansible managed",
        "old_server": {
            "names": [DOMAIN],
            "challenge_root": "",
            "certificate": str(certificate),
            "certificate_key": str(certificate),
        },
        "modernize_stragglers_log": str(root / "stragglers.log"),
        "modernize_balancer": balancer,
    }
    text = Templar(loader=DataLoader(), variables=variables).template(trust_as_template(TEMPLATE.read_text()))
    (plain,) = free_ports(1)
    site = str(text).replace("listen 80;", f"listen {plain};").replace("listen 443 ssl;", f"listen {port} ssl;")
    return f"daemon off; pid {root}/nginx.pid; error_log {root}/error.log; events {{}} http {{ {site} }}"


def test_long_headers_pass_in_both_directions(certificate: Path, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    cookie = "sessionid=" + "a" * 12_000
    with fleet(certificate) as behind:
        text = configuration(balancer=f"127.0.0.1:{behind}", certificate=certificate, root=tmp_path, port=port)
        (tmp_path / "nginx.conf").write_text(text)
        with subprocess.Popen([program("nginx"), "-c", tmp_path / "nginx.conf"]) as nginx:
            try:
                for _attempt in range(100):
                    visitor = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
                    with suppress(ConnectionRefusedError):
                        visitor.request("GET", "/", headers={"Host": DOMAIN, "Cookie": cookie})
                        break
                    time.sleep(0.05)
                answer = visitor.getresponse()
                assert (answer.status, answer.headers["Set-Cookie"]) == (200, cookie)
                visitor.close()
            finally:
                nginx.terminate()
