# SPDX-License-Identifier: GPL-3.0-or-later
"""What one web host takes in, every host of the application has; and a host that cannot have it takes nothing in."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import run_playbook

TEXT = "an upload"


def ask(fleet: Fleet, host: str, path: str, *options: str) -> tuple[int, str]:
    """Return status and body of a request to one web host's own nginx, past the load balancer; 0 while it has none."""
    given = " ".join((f"-H 'Host: {fleet.stage['domain']}'", *options))
    command = f"curl -s -m 10 {given} -w '\\n%{{http_code}}' 'http://127.0.0.1{path}' || true"
    body, _, status = fleet.run(host, command).rpartition("\n")
    return int(status), body


def upload(fleet: Fleet, host: str, name: str) -> tuple[int, str]:
    """Upload a file to a web host; return the status and the answer."""
    return ask(fleet, host, f"/media-upload/?name={name}", f"--data-binary '{TEXT}'")


def files(fleet: Fleet) -> str:
    """Return the folder of uploads on each host."""
    return f"/webapps/{fleet.stage['domain']}/shared/mediafiles"


def unit(fleet: Fleet, host: str) -> str:
    """Return the name of the unit that mounts it."""
    return fleet.run(host, f"systemd-escape --path --suffix=mount {files(fleet).rpartition('/')[0]}").strip()


@pytest.fixture
def uploaded(on_v1: Fleet) -> str:
    """Return the address of a file that web1 has taken in."""
    status, body = upload(on_v1, "web1", "shared.txt")
    assert status == 200, body
    return str(json.loads(body)["url"])


def test_an_upload_on_one_web_host_is_on_the_other_and_on_every_host_of_the_application(
    on_v1: Fleet, uploaded: str
) -> None:
    for host in on_v1.of_role("web"):
        assert ask(on_v1, host, uploaded) == (200, TEXT)
    name = uploaded.rpartition("/")[2]
    for host in on_v1.application_hosts:
        assert on_v1.run(host, f"runuser -u amy -- cat {files(on_v1)}/{name}") == TEXT


def test_a_host_that_was_rebooted_has_it_again(on_v1: Fleet, uploaded: str) -> None:
    on_v1.start("web2")
    eventually(lambda: ask(on_v1, "web2", uploaded) == (200, TEXT), within=180, what="web2 shows the upload again")
    # nginx serves, and the load balancer has not looked yet, before gunicorn runs.
    eventually(lambda: ask(on_v1, "web2", "/version/")[0] == 200, within=180, what="web2 serves")
    eventually(on_v1.in_rotation, within=180, what="web2 is in rotation")


@pytest.fixture
def without_mount(on_v1: Fleet) -> Iterator[Fleet]:
    """Return the stage while web2 has lost the files that the hosts share."""
    on_v1.run("web2", f"systemctl stop {unit(on_v1, 'web2')}")
    yield on_v1
    again = run_playbook("configure", "--limit", "web2,localhost")
    assert again.code == 0, again


def test_a_host_that_has_lost_the_files_refuses_uploads_and_is_named(without_mount: Fleet) -> None:
    assert upload(without_mount, "web2", "lost.txt")[0] == 500
    assert run_playbook("status").says("web2 lacks the files that the hosts share")
    assert upload(without_mount, "web1", "kept.txt")[0] == 200
