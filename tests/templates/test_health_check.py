# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host a load balancer is told is well: a busy one is, one without an application is not; with a real nginx."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.templates.nginx_site import Application, Site, application, configured, reply, served

# The load balancer's own patience with a health check, in seconds.
BALANCER_WAITS = 4
NOT_FOR_CACHES = (("Cache-Control", "private, no-store"), ("Set-Cookie", "csrftoken=abc"), ("Vary", "Cookie"))


@pytest.fixture
def busy() -> Iterator[Callable[[BaseHTTPRequestHandler], None]]:
    """An answer that does not come while the test lasts."""
    over = threading.Event()

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        over.wait(timeout=30)

    yield wait
    over.set()


@pytest.mark.parametrize("headers", [(), NOT_FOR_CACHES], ids=["plain", "not for caches"])
def test_a_host_whose_workers_are_all_busy_is_well(
    site: Site,
    behind: Application,
    busy: Callable[[BaseHTTPRequestHandler], None],
    headers: tuple[tuple[str, str], ...],
) -> None:
    behind.answer = lambda handler: reply(handler, headers=headers)
    assert site.health_check().status == 200
    behind.answer = busy
    for _ in range(2):
        answer = site.health_check()
        assert answer.status == 200
        assert answer.seconds < BALANCER_WAITS


def test_each_health_check_asks_the_application(site: Site, behind: Application) -> None:
    for status in (200, 200, 500, 404, 200):
        behind.answer = partial(reply, status=status)
        assert site.health_check().status == status
    assert len(behind.requests) == 5


def test_a_host_whose_application_is_gone_is_ill_at_once(tmp_path: Path) -> None:
    with served(configured(tmp_path), tmp_path) as site:
        with application(tmp_path / "application.sock"):
            assert site.health_check().status == 200
        assert site.health_check().status == 502


def test_a_host_that_has_never_answered_is_not_busy(
    site: Site, behind: Application, busy: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    behind.answer = busy
    assert site.health_check().status == 504


def test_a_host_that_answers_nothing_for_long_is_ill(
    tmp_path: Path, behind: Application, busy: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """Longer than all its workers can be busy with two requests one after the other."""
    with served(configured(tmp_path, nginx_upstream_timeout="2s"), tmp_path) as site:
        assert site.health_check().status == 200
        behind.answer = busy
        time.sleep(5)
        assert site.health_check().status == 504


def test_a_busy_host_in_maintenance_is_well(
    site: Site, behind: Application, busy: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    behind.answer = busy
    site.switch("on")
    assert site.health_check().body == b"maintenance\n"
