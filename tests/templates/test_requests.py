# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches the application through nginx, and what reaches the visitor; with a real nginx."""

from __future__ import annotations

import gzip
import hashlib
import socket
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.templates.nginx_site import (
    BALANCER,
    DOMAIN,
    HOST_ITSELF,
    STRANGER,
    Application,
    Site,
    configured,
    reply,
    served,
)


def redirects_to_https(handler: BaseHTTPRequestHandler) -> None:
    """As Django with SECURE_SSL_REDIRECT, SECURE_PROXY_SSL_HEADER, SECURE_HSTS_SECONDS, SESSION_COOKIE_SECURE."""
    if handler.headers["X-Forwarded-Proto"] != "https":
        reply(handler, status=301, headers=(("Location", f"https://{handler.headers['Host']}{handler.path}"),))
        return
    reply(
        handler,
        headers=(
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
            ("Set-Cookie", "sessionid=abc; HttpOnly; Secure; SameSite=Lax"),
            ("Set-Cookie", "csrftoken=def; Secure; SameSite=Lax"),
        ),
    )


def test_an_application_that_redirects_to_https_is_well(site: Site, behind: Application) -> None:
    behind.answer = redirects_to_https
    assert site.health_check().status == 200
    assert behind.last.headers["Host"] == DOMAIN


@pytest.mark.parametrize(
    ("by", "told", "scheme"),
    [
        # A deploy asks on the host itself, as visitors come.
        (HOST_ITSELF, "https", "https"),
        (HOST_ITSELF, "http", "http"),
        (BALANCER, "https", "https"),
        (BALANCER, "http", "http"),
        (STRANGER, "https", "http"),
        (BALANCER, "https, http", "http"),
    ],
)
def test_only_the_load_balancer_and_the_host_say_how_a_visitor_came(
    site: Site, behind: Application, by: str, told: str, scheme: str
) -> None:
    site.ask(path="/account/login/", by=by, headers={"X-Forwarded-Proto": told})
    assert behind.last.headers.get_all("X-Forwarded-Proto") == [scheme]


def test_the_host_itself_is_no_load_balancer(site: Site, behind: Application) -> None:
    told = {"X-Forwarded-For": "192.0.2.7", "X-Amzn-Trace-Id": "Root=1-67"}
    site.ask(path="/", by=HOST_ITSELF, headers=told)
    assert behind.last.headers["X-Forwarded-For"] == HOST_ITSELF
    assert behind.last.headers["X-Request-Id"] != "Root=1-67"
    site.ask(path="/", by=BALANCER, headers=told)
    assert behind.last.headers["X-Forwarded-For"] == "192.0.2.7"
    assert behind.last.headers["X-Request-Id"] == "Root=1-67"


@pytest.mark.parametrize("by", [BALANCER, STRANGER])
def test_a_visitor_names_no_other_host_or_address(site: Site, behind: Application, by: str) -> None:
    # The load balancer passes these on as the visitor has sent them; USE_X_FORWARDED_HOST believes the first.
    told = {"X-Forwarded-Host": "evil.test", "X-Real-IP": "192.0.2.66", "Forwarded": "for=192.0.2.66;host=evil.test"}
    site.ask(path="/account/login/", by=by, headers=told)
    assert behind.last.headers.get_all("X-Forwarded-Host") == [behind.last.headers["Host"]]
    assert behind.last.headers["Host"].startswith(DOMAIN)
    assert behind.last.headers.get_all("X-Real-IP") == [behind.last.headers["X-Forwarded-For"]]
    assert behind.last.headers["Forwarded"] is None


def test_secure_cookies_and_strict_transport_security_reach_the_visitor(site: Site, behind: Application) -> None:
    behind.answer = redirects_to_https
    answer = site.ask(path="/", by=BALANCER, headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert [cookie.split("=")[0] for cookie in answer.headers.get_all("Set-Cookie", [])] == ["sessionid", "csrftoken"]


def test_long_headers_of_an_answer_pass(site: Site, behind: Application) -> None:
    """Sessions and messages in cookies, a long Content-Security-Policy: as much as a load balancer lets through."""
    cookies = (("Set-Cookie", f"sessionid={'a' * 12_000}"), ("Set-Cookie", f"messages={'b' * 12_000}"))
    behind.answer = lambda handler: reply(handler, status=302, headers=(("Location", "/done/"), *cookies))
    answer = site.ask("POST", body=b"x", path="/act/")
    assert (answer.status, answer.headers["Location"]) == (302, "/done/")
    assert [len(cookie) for cookie in answer.headers.get_all("Set-Cookie", [])] == [12_010, 12_009]
    assert len(behind.requests) == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"Cookie": "c" * 16_000}),
        ("/", {f"X-Large-{number}": "x" * 15_000 for number in range(4)}),
        ("/callback/?state=" + "s" * 15_000, {}),
    ],
    ids=["cookie", "all together", "request line"],
)
def test_long_headers_of_a_request_pass(site: Site, behind: Application, path: str, headers: dict[str, str]) -> None:
    """Single sign-on: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html."""
    assert site.ask(path=path, headers=headers).status == 200
    assert behind.last.path == path
    assert headers.items() <= dict(behind.last.headers).items()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pdf.worker.mjs", "text/javascript"),
        ("site.webmanifest", "application/manifest+json"),
        ("module.wasm", "application/wasm"),
        ("photo.avif", "image/avif"),
        ("site.js", "application/javascript"),
    ],
)
def test_a_browser_gets_the_type_that_it_insists_on(site: Site, name: str, kind: str) -> None:
    """Every answer of static files is nosniff, so that a module of another type does not run."""
    (site.root / "static" / name).write_text("x")
    answer = site.ask(path=f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Type"].partition(";")[0] == kind


def test_static_texts_go_out_compressed(site: Site) -> None:
    (site.root / "static/large.css").write_text("a { color: red }\n" * 10_000)
    (site.root / "static/large.mjs").write_text("let a = 1;\n" * 10_000)
    for name in ("large.css", "large.mjs"):
        # A content delivery network says so by Via.
        for via in ({}, {"Via": "2.0 example.cloudfront.test (CloudFront)"}):
            answer = site.ask(path=f"/static/{name}", headers={"Accept-Encoding": "gzip, br", **via})
            assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
            assert len(gzip.decompress(answer.body)) > 100_000 > len(answer.body) * 10
    plain = site.ask(path="/static/large.css")
    assert (plain.headers["Content-Encoding"], plain.headers["Vary"]) == (None, "Accept-Encoding")


def test_a_file_that_the_build_has_compressed_goes_out_as_it_is(site: Site) -> None:
    compressed = gzip.compress(b"made by the build")
    (site.root / "static/built.css.gz").write_bytes(compressed)
    (site.root / "static/built.css").write_text("plain")
    for via in ({}, {"Via": "2.0 example.cloudfront.test (CloudFront)"}):
        assert site.ask(path="/static/built.css", headers={"Accept-Encoding": "gzip", **via}).body == compressed


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_the_application_compresses_passes_and_nothing_else_of_it_is_compressed(
    site: Site, behind: Application, coding: str
) -> None:
    """A page holds secrets beside what its visitor has sent: compressing it is the application's decision (BREACH)."""
    behind.answer = lambda handler: reply(
        handler, b"\x00compressed", headers=(("Content-Encoding", coding), ("Content-Type", "text/html"))
    )
    answer = site.ask(path="/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert behind.last.headers["Accept-Encoding"] == "gzip, deflate, br"
    assert (answer.headers["Content-Encoding"], answer.body) == (coding, b"\x00compressed")

    behind.answer = lambda handler: reply(handler, b"x" * 50_000, headers=(("Content-Type", "text/html"),))
    assert site.ask(path="/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] is None


@pytest.mark.parametrize("name", ["host", "address"])
def test_a_stranger_gets_an_answer_that_is_no_alarm(site: Site, behind: Application, name: str) -> None:
    """A closed connection is the load balancer's own 502, and an alarm (`errors`) at five of them."""
    asked = {"host": "evil.example", "address": f"127.0.0.1:{site.port}"}[name]
    answer = site.ask(path="/.env", headers={"Host": asked}, by=BALANCER)
    assert answer.status == 421
    assert behind.requests == []


def test_a_stranger_cannot_give_the_application_another_name(site: Site, behind: Application) -> None:
    """The request line counts, not Host; Django would send its administrators an e-mail (DisallowedHost)."""
    with site.connect() as connection:
        connection.sendall(
            f"GET http://{DOMAIN}/path HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert behind.last.headers.get_all("Host") == [DOMAIN]


@pytest.mark.parametrize("name", [DOMAIN, f"{DOMAIN}:8443"])
def test_the_application_is_told_the_name_and_the_port_of_the_visitor(
    site: Site, behind: Application, name: str
) -> None:
    site.ask(path="/", headers={"Host": name})
    assert behind.last.headers.get_all("Host") == [name]


TOKEN = "s3cret-token"


def test_no_log_has_a_query_string_of_a_request_that_went_well(site: Site, behind: Application) -> None:
    told = {"Referer": f"https://{DOMAIN}/account/reset/?code={TOKEN}"}
    behind.answer = lambda handler: reply(handler, b"x" * 3_000_000)
    site.ask("POST", body=b"x" * 2_000_000, path=f"/account/reset/?code={TOKEN}", headers=told)
    # A slow visitor: what the application has answered at once waits in a file.
    with site.connect() as visitor:
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = f"GET /report/?code={TOKEN} HTTP/1.1\r\nHost: {DOMAIN}\r\nReferer: {told['Referer']}\r\n\r\n"
        visitor.sendall(request.encode())
        visitor.recv(100)
        time.sleep(1)
    assert "/account/reset/" in site.log("access")
    for name in ("access", "error"):
        assert TOKEN not in site.log(name)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/a%0a[2026-01-31%2012:00:00%20+0000]%20[CRITICAL]%20forged", 400),
        ("/a%0D%0Aforged", 400),
        ("/%1b[2Jforged", 400),
        ("/a%7f", 400),
        ("/%C3%89t%C3%A9%20and%20more/?text=two%0alines", 200),
    ],
)
def test_a_stranger_writes_no_line_of_gunicorns_log(site: Site, behind: Application, path: str, status: int) -> None:
    """gunicorn writes the decoded path: https://docs.gunicorn.org/en/stable/settings.html#access-log-format."""
    assert site.ask(path=path).status == status
    assert [request.path for request in behind.requests] == ([path] if status == 200 else [])


def test_the_error_log_still_tells_of_an_application_that_is_gone(tmp_path: Path) -> None:
    with served(configured(tmp_path), tmp_path) as site:
        assert site.ask(path="/path").status == 502
        assert "connect() to unix:" in site.log("error")


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("drawing.svg", "sandbox"),
        ("page.html", "sandbox"),
        ("page.xhtml", "sandbox"),
        ("data.xml", "sandbox"),
        ("photo.png", "sandbox"),
        ("unknown", "sandbox"),
        # A browser shows no PDF in a sandbox, and runs none in the name of the site.
        ("paper.pdf", None),
    ],
)
def test_an_upload_does_not_run_as_the_site(site: Site, name: str, policy: str | None) -> None:
    uploads = site.root / "shared/mediafiles"
    uploads.mkdir(parents=True)
    (uploads / name).write_text("<script>alert(document.cookie)</script>")
    answer = site.ask(path=f"/media/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"] == policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_part_of_an_upload_does_not_run_either(site: Site) -> None:
    uploads = site.root / "shared/mediafiles"
    uploads.mkdir(parents=True)
    (uploads / "drawing.svg").write_text("<svg><script>alert(1)</script></svg>")
    answer = site.ask(path="/media/drawing.svg", headers={"Range": "bytes=0-"})
    assert (answer.status, answer.headers["Content-Security-Policy"]) == (206, "sandbox")


def test_uploads_behind_a_login_are_the_applications_to_send(tmp_path: Path, behind: Application) -> None:
    uploads = tmp_path / "shared/mediafiles"
    uploads.mkdir(parents=True)
    (uploads / "invoice.pdf").write_text("for members only")
    with served(configured(tmp_path, nginx_media_url=""), tmp_path) as site:
        for path in ("/media/invoice.pdf", "/shared/mediafiles/invoice.pdf", "/invoice.pdf"):
            answer = site.ask(path=path)
            assert b"for members only" not in answer.body
            assert behind.last.path == path


def test_a_large_upload_passes_whole(site: Site, behind: Application) -> None:
    body = bytes(range(256)) * (4096 * 20)
    assert site.ask("POST", body=body, path="/upload/").status == 200
    assert hashlib.sha256(behind.bodies[-1]).digest() == hashlib.sha256(body).digest()
    assert site.ask("POST", body=body * 2, path="/upload/").status == 413
