# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors get while requests are held, and afterwards."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import support
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]

SITE = "/webapps/amy.molecule.test"
VISIT = "curl --silent --noproxy '*' --max-time 60 --resolve amy.molecule.test:80:127.0.0.1 http://amy.molecule.test"
STATUS = "--output /dev/null --write-out '%{http_code}\\n'"
ANSWERS = "/run/answers"
VISITORS = 60


def switch(to: str, *arguments: str) -> int:
    """Hold requests (TO is `hold`) or resume them (`release`); returns how many tasks have changed anything."""
    run = support.converge("request_hold", "-e", f"switch_to={to}", *arguments, playbook="switch.yml")
    assert run.succeeded, run.text
    (changed,) = re.findall(r"changed=(\d+)", run.text)
    return int(changed)


def status(host: Host) -> str:
    """The code that a visitor gets now."""
    return host.run(f"{VISIT}/now {STATUS}").stdout.strip()


@contextmanager
def closed_by_hand(host: Host) -> Iterator[None]:
    """The maintenance page is on, as an operator switches it on."""
    host.check_output(f"mv {SITE}/maintenance_off.html {SITE}/maintenance_on.html")
    try:
        yield
    finally:
        host.check_output(f"mv {SITE}/maintenance_on.html {SITE}/maintenance_off.html")


def send(host: Host) -> None:
    """Let many visitors come, half of them with data, and go on; their answers' codes are added to ANSWERS."""
    one = f"{VISIT}/waiting {STATUS} >> {ANSWERS}"
    two = f"{VISIT}/waiting --data x=1 {STATUS} >> {ANSWERS}"
    host.check_output(f"truncate --size=0 {ANSWERS}")
    visitors = f"for i in $(seq {VISITORS // 2}); do {one} & {two} & done; wait"
    # A service of its own: they stay when this call has ended.
    host.check_output("systemd-run --collect /bin/sh -c %s", visitors)


def answers(host: Host) -> list[str]:
    return host.file(ANSWERS).content_string.split()


@pytest.fixture
def application_stops(host: Host) -> Iterator[None]:
    """The application may be stopped, and requests held; afterwards it runs, and none is."""
    yield
    host.run("supervisorctl start gunicorn")
    switch("release")


@pytest.mark.usefixtures("application_stops")
def test_requests_wait_and_none_is_lost(host: Host) -> None:
    assert status(host) == "200"
    assert switch("hold") == 1
    host.check_output("supervisorctl stop gunicorn")
    send(host)
    time.sleep(2)
    assert answers(host) == []
    assert host.run("curl --silent http://127.0.0.1:8081/healthz").stdout == "held\n"
    assert switch("hold") == 0
    host.check_output("supervisorctl start gunicorn")
    assert answers(host) == []
    assert switch("release") == 1
    support.until(lambda: len(answers(host)) == VISITORS, what="all visitors who waited are answered")
    assert set(answers(host)) == {"200"}
    assert switch("release") == 0
    assert status(host) == "200"


@pytest.mark.usefixtures("application_stops")
def test_a_hold_that_lasts_too_long_shows_the_page_by_itself(host: Host) -> None:
    switch("hold", "-e", "request_hold_limit=10")
    host.check_output("supervisorctl stop gunicorn")
    send(host)
    support.until(lambda: host.file(f"{SITE}/maintenance_on.html").exists, what="the page is on")
    assert status(host) == "503"
    assert "Down for maintenance" in host.run(f"{VISIT}/now").stdout
    support.until(lambda: len(answers(host)) == VISITORS, what="all visitors who waited are answered")
    assert set(answers(host)) == {"503"}
    host.check_output("supervisorctl start gunicorn")
    switch("release")
    assert status(host) == "200"


@pytest.mark.usefixtures("application_stops")
def test_the_limit_ends_the_wait_where_the_page_is_on_already(host: Host) -> None:
    switch("hold", "-e", "request_hold_limit=10")
    host.check_output("supervisorctl stop gunicorn")
    send(host)
    time.sleep(2)
    with closed_by_hand(host):
        assert answers(host) == []
        support.until(lambda: len(answers(host)) == VISITORS, what="all visitors who waited are answered")
        assert set(answers(host)) == {"503"}
        host.check_output("supervisorctl start gunicorn")
        switch("release")
        # Who has closed the site by hand opens it by hand.
        assert status(host) == "503"
    assert status(host) == "200"


@pytest.mark.usefixtures("application_stops")
def test_a_hold_that_is_closed_shows_the_page_to_those_who_wait(host: Host) -> None:
    switch("hold")
    host.check_output("supervisorctl stop gunicorn")
    send(host)
    time.sleep(2)
    with closed_by_hand(host):
        assert switch("close") == 1
        support.until(lambda: len(answers(host)) == VISITORS, what="all visitors who waited are answered")
        assert set(answers(host)) == {"503"}
        assert switch("close") == 0
    host.check_output("supervisorctl start gunicorn")
    assert switch("release") == 1
    assert status(host) == "200"


def test_the_limit_of_a_hold_that_has_ended_is_none(host: Host) -> None:
    switch("hold", "-e", "request_hold_limit=15")
    switch("release")
    time.sleep(17)
    assert status(host) == "200"


def test_after_a_restart_requests_reach_the_application(host: Host) -> None:
    support.restart(host)
    support.until(lambda: status(host) == "200", what="the site answers")
