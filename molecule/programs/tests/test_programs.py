# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage's own programs and timers run from the release, stop when told to, and are back when they should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import support

if TYPE_CHECKING:
    from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-worker"]

LOGS = "/webapps/amy.molecule.test/logs"


def running(host: Host) -> list[str]:
    """The states of the processes of the stage's own programs; none if supervisord knows none."""
    lines = host.run("supervisorctl status").stdout.splitlines()
    return [line.split()[1] for line in lines if line.startswith("stage:ticker-")]


def timer(host: Host) -> str:
    return str(host.run("systemctl is-active stage-timer-counter.timer").stdout).strip()


def lines(host: Host, log: str) -> list[str]:
    return str(host.run(f"cat {LOGS}/{log}.log").stdout).splitlines()


@pytest.fixture(autouse=True)
def applied(host: Host) -> Iterator[None]:
    """Leave both as a deploy leaves them."""
    yield
    if running(host) != ["RUNNING", "RUNNING"] or timer(host) != "active":
        assert support.converge("programs").succeeded


def test_they_run(host: Host) -> None:
    assert (running(host), timer(host)) == (["RUNNING", "RUNNING"], "active")
    record = json.loads(host.file("/etc/stage-programs.json").content_string)
    assert [entry["name"] for entry in record["programs"] + record["timers"]] == ["ticker", "counter"]


def test_a_run_of_a_timer_has_a_log_and_is_never_doubled(host: Host) -> None:
    before = len(lines(host, "timer_counter"))
    host.run_expect([0], "systemctl start --no-block stage-timer-counter.service")
    host.run_expect([0], "systemctl start stage-timer-counter.service")
    assert lines(host, "timer_counter")[before:] == ["counts own-1"]


def test_a_stop_lets_both_end_and_outlasts_a_reboot(host: Host) -> None:
    ended, counted = len(lines(host, "program_ticker")), len(lines(host, "timer_counter"))
    host.run_expect([0], "systemctl start --no-block stage-timer-counter.service")
    stopped = support.converge("programs", playbook="stop.yml")
    assert stopped.succeeded, stopped.text
    assert lines(host, "program_ticker")[ended:] == ["ended own-1"] * 2
    assert lines(host, "timer_counter")[counted:] == ["counts own-1"]
    assert host.run("systemctl is-failed stage-timer-counter.service").stdout.strip() != "failed"
    support.restart(host)
    assert (running(host), timer(host)) == ([], "inactive")
    assert host.file("/etc/stage-programs.json").exists
    again = support.converge("programs", playbook="stop.yml")
    assert "changed=0" in again.text


def test_a_comparison_tells_what_the_role_would_change_and_changes_nothing(host: Host) -> None:
    assert "All is current." in support.converge("programs", playbook="compare.yml").text
    for change in ("release=own-2", "schedule=weekly"):
        assert "Something would change." in support.converge("programs", "-e", change, playbook="compare.yml").text
    assert support.converge("programs", playbook="stop.yml").succeeded
    assert "Something would change." in support.converge("programs", playbook="compare.yml").text
    assert (running(host), timer(host)) == ([], "inactive")


def test_another_release_runs_both(host: Host) -> None:
    changed = support.converge("programs", "-e", "release=own-2")
    assert changed.succeeded, changed.text
    host.run_expect([0], "systemctl start stage-timer-counter.service")
    assert lines(host, "timer_counter")[-1] == "counts own-2"
    assert support.converge("programs").succeeded
    assert lines(host, "program_ticker")[-2:] == ["ended own-2"] * 2


def test_what_has_gone_from_the_lists_is_stopped_and_removed(host: Host) -> None:
    gone = support.converge("programs", "-e", json.dumps({"programs_supervised": [], "programs_timers": []}))
    assert gone.succeeded, gone.text
    assert (running(host), timer(host)) == ([], "inactive")
    for path in ("/etc/supervisor/conf.d/stage-programs.conf", "/etc/systemd/system/stage-timer-counter.timer"):
        assert not host.file(path).exists
    assert not host.file("/etc/stage-programs.json").exists


def test_a_schedule_that_systemd_cannot_read_is_refused(host: Host) -> None:
    refused = support.converge("programs", "-e", "schedule=sometimes")
    assert not refused.succeeded
    assert "The schedule of timer counter is sometimes, and systemd cannot read it" in refused.text
    assert (running(host), timer(host)) == (["RUNNING", "RUNNING"], "active")


def test_the_logs_are_rotated(host: Host) -> None:
    host.run_expect([0], "systemctl start stage-timer-counter.service")
    host.run_expect([0], "logrotate --force /etc/logrotate.d/stage-programs")
    assert host.file(f"{LOGS}/timer_counter.log").mode == 0o640
