# SPDX-License-Identifier: GPL-3.0-or-later
"""What one host takes in, the other has; a host that lacks the mount takes nothing in. One story, run in this order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import testinfra
from support import converge, restart, until
from testinfra.host import Host

SITE = "/webapps/shared.molecule.test"
UPLOADS = f"{SITE}/shared/mediafiles"
UNIT = "webapps-shared.molecule.test-shared.mount"
HOSTS = ("amy-molecule-web", "amy-molecule-worker")
testinfra_hosts = ["ansible://amy-molecule-web"]


@pytest.fixture
def other() -> Host:
    return testinfra.get_host("docker://amy-molecule-worker")


def upload(host: Host, name: str, *, text: str = "upload") -> bool:
    """Whether the application on a host can take a file in."""
    return bool(host.run(f"runuser -u amy -- sh -c 'echo {text} > {UPLOADS}/{name}'").succeeded)


def mounted(host: Host) -> bool:
    return bool(host.run(f"findmnt --mountpoint {SITE}/shared").succeeded)


def test_both_hosts_have_what_each_had(host: Host, other: Host) -> None:
    for one in (host, other):
        for name in HOSTS:
            assert one.check_output(f"runuser -u amy -- cat {UPLOADS}/{name}/before.txt") == f"of {name}"


def test_an_upload_is_on_the_other_host_at_once_and_its_web_server_may_read_it(host: Host, other: Host) -> None:
    assert upload(host, "now.txt")
    assert other.check_output(f"runuser -u www-data -g amy -- cat {UPLOADS}/now.txt") == "upload"
    assert other.run(f"runuser -u daemon -- cat {UPLOADS}/now.txt").failed


def test_nothing_on_it_is_executed(host: Host) -> None:
    host.check_output(f"cp /bin/true {UPLOADS}/program")
    assert host.run(f"{UPLOADS}/program").rc == 126


def test_it_is_mounted_after_a_restart_before_the_programs_that_use_it(other: Host) -> None:
    restart(other)
    assert mounted(other)
    assert other.check_output(f"runuser -u amy -- cat {UPLOADS}/now.txt") == "upload"
    order = other.check_output(f"systemctl show --property=Before {UNIT}")
    assert {"supervisor.service", "nginx.service"} <= set(order.partition("=")[2].split())


@pytest.fixture
def without_mount(host: Host) -> Iterator[Host]:
    """Return a host whose mount is gone; a run of the role brings it back."""
    host.check_output(f"systemctl stop {UNIT}")
    yield host
    again = converge("shared_mount")
    assert again.succeeded, again.text
    assert mounted(host)


def test_without_it_uploads_fail_and_what_was_there_is_still_shown(without_mount: Host) -> None:
    assert not upload(without_mount, "lost.txt")
    assert not upload(without_mount, "amy-molecule-web/before.txt", text="overwritten")
    assert without_mount.run(f"runuser -u amy -- mkdir {SITE}/shared/mine").failed
    assert without_mount.check_output(f"runuser -u amy -- cat {UPLOADS}/amy-molecule-web/before.txt")
    assert "Run: make configure" in without_mount.check_output(f"cat {SITE}/shared/.carried-over")


def test_what_the_application_removes_does_not_come_back(host: Host, other: Host) -> None:
    before = f"{UPLOADS}/amy-molecule-worker/before.txt"
    other.check_output(f"runuser -u amy -- rm {before}")
    for one in (host, other):
        one.check_output(f"systemctl stop {UNIT}")
    assert converge("shared_mount").succeeded
    assert not host.file(before).exists


def test_a_file_that_is_being_written_when_it_is_mounted_is_there_whole(host: Host, other: Host) -> None:
    """As on a host that the role meets for the first time, with an upload on its way."""
    host.check_output(f"systemctl stop {UNIT}")
    host.check_output(f"rm {SITE}/shared/.carried-over")
    host.check_output(f"chown -R amy:amy {UPLOADS} && chmod -R u+w {UPLOADS}")
    writing = f"exec >{UPLOADS}/slow.txt; for part in 1 2 3 4 5 6 7 8 9; do echo $part; sleep 1; done"
    host.check_output(f"systemd-run --uid=amy --unit=slow-upload --collect sh -c '{writing}'")
    until(lambda: host.file(f"{UPLOADS}/slow.txt").exists, what="the upload has begun")
    again = converge("shared_mount")
    assert again.succeeded, again.text
    assert other.check_output(f"cat {UPLOADS}/slow.txt").split() == list("123456789")


def test_a_host_on_which_the_user_has_another_number_is_refused(host: Host) -> None:
    host.check_output(f"chown 4242:4242 {UPLOADS}")
    again = converge("shared_mount", "--limit", "amy-molecule-web")
    host.check_output(f"chown amy:amy {UPLOADS}")
    assert not again.succeeded
    assert "belongs to user 4242 and group 4242" in again.text
    assert "base_user_id" in again.text


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ("shared_mount_source=", "make provision"),
        ("shared_mount_source=10.0.0.1", "must be host:/path"),
        ("shared_mount_path=/shared", "below another folder"),
        ('{"shared_mount_folders": ["../releases"]}', "relative paths inside the mount"),
    ],
)
def test_bad_input_is_refused(given: str, refusal: str) -> None:
    again = converge("shared_mount", "-e", given)
    assert not again.succeeded
    assert refusal in again.text


def test_a_file_system_that_there_is_not_is_named(host: Host) -> None:
    host.check_output(f"systemctl stop {UNIT}")
    source = "fs-0000000000000000a.efs.us-east-1.amazonaws.com"
    again = converge("shared_mount", "--limit", "amy-molecule-web", "-e", f"shared_mount_source={source}:/")
    assert not again.succeeded
    assert f"Failed to resolve server {source}" in again.text
    assert converge("shared_mount").succeeded
