# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx itself answers while the maintenance page is on, and at the moments of its switching."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.nginx_site import Site, configured, free_ports, served

FLOOR = 300


@pytest.fixture
def configuration(tmp_path: Path) -> str:
    return configured(tmp_path, nginx_retry_after=FLOOR)


@pytest.fixture
def site(configuration: str, tmp_path: Path) -> Iterator[Site]:
    with served(configuration, tmp_path) as site:
        yield site


def test_without_a_planned_end_visitors_are_told_the_usual_time(site: Site) -> None:
    assert site.ask().status == 200
    site.switch("on")
    assert (site.ask().status, site.retry_after()) == (503, FLOOR)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_every_visitor_is_told_the_planned_end(site: Site, method: str) -> None:
    site.switch("on")
    site.plan(1800)
    answer = site.ask(method, body=b"x" * 500_000 if method in ("POST", "PUT") else b"")
    assert answer.status == 503
    assert 1795 <= int(answer.headers["Retry-After"]) <= 1801
    assert answer.headers.get_all("Cache-Control") == ["no-store"]


@pytest.mark.parametrize("path", ["/maintenance_on.html", "/maintenance_end"])
def test_an_open_site_has_no_such_pages(site: Site, path: str) -> None:
    assert site.ask(path=path).status == 404
    site.switch("on")
    assert site.ask(path=path).status == 503


def test_a_planned_end_needs_no_reload_and_may_change(site: Site) -> None:
    site.switch("on")
    site.plan(60)
    assert 55 <= site.retry_after() <= 61
    site.plan(7 * 86400)
    assert site.retry_after() > 6 * 86400


@pytest.mark.parametrize("seconds", [5, -1, -86400])
def test_no_visitor_is_told_to_come_back_at_once_when_it_lasts_longer(site: Site, seconds: float) -> None:
    site.switch("on")
    site.plan(seconds)
    assert site.retry_after() == FLOOR


def test_conditional_and_partial_requests_get_the_whole_page(site: Site) -> None:
    site.switch("on")
    for name, value in (("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"), ("Range", "bytes=0-3")):
        answer = site.ask(headers={name: value})
        assert (answer.status, answer.headers["Content-Length"]) == (503, str(len("<h1>Closed</h1>")))


def test_the_page_is_shown_even_if_its_end_is_unknown(configuration: str, tmp_path: Path) -> None:
    (nowhere,) = free_ports(1)
    way = re.compile(r"127\.0\.0\.1:\d+/maintenance_end")
    broken, replaced = way.subn(f"127.0.0.1:{nowhere}/maintenance_end", configuration)
    assert replaced == 1
    with served(broken, tmp_path) as site:
        site.switch("on")
        assert (site.ask().status, site.retry_after()) == (503, FLOOR)


def test_at_every_moment_a_visitor_gets_the_site_or_the_page(site: Site) -> None:
    statuses: list[int] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            statuses.append(site.ask().status)

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for _ in range(200):
        for mode in ("on", "off"):
            site.switch(mode)
            time.sleep(0.002)
    over.set()
    for visitor in visitors:
        visitor.join()
    assert set(statuses) == {200, 503}
