# SPDX-License-Identifier: GPL-3.0-or-later
"""What role supervisor promises to the programs."""

from __future__ import annotations

import support
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]


def lines(host: Host, path: str) -> int:
    """Number of lines of the file at PATH, 0 if it is absent."""
    file = host.file(path)
    return len(file.content_string.splitlines()) if file.exists else 0


def job_runs(host: Host) -> bool:
    return "RUNNING" in host.run("supervisorctl status job").stdout


def test_systemd_waits_for_the_longest_job(host: Host) -> None:
    assert host.check_output("systemctl show supervisor --property=TimeoutStopUSec --value") == "8min 1s"


def test_only_root_may_command_it(host: Host) -> None:
    assert host.run("supervisorctl status job").succeeded
    assert host.run("runuser -u daemon -- supervisorctl -s unix:///run/supervisor.sock status").failed
    assert host.file("/run/supervisor.sock").mode == 0o700


def test_a_stop_lets_the_job_end(host: Host) -> None:
    before = lines(host, "/srv/job.ended")
    host.check_output("systemctl restart supervisor")
    assert lines(host, "/srv/job.ended") == before + 1
    support.until(lambda: job_runs(host), what="the job runs again")


def test_no_process_outlives_a_killed_supervisord(host: Host) -> None:
    support.until(lambda: job_runs(host), what="the job runs")
    orphans = host.check_output("pgrep -f 'sleep 86399'").split()
    host.check_output("systemctl kill --signal=KILL --kill-who=main supervisor")
    support.until(lambda: job_runs(host), what="the job runs again after kill -9 of supervisord")
    now = host.check_output("pgrep -f 'sleep 86399'").split()
    assert not set(orphans) & set(now)


def test_the_job_runs_after_a_reboot(host: Host) -> None:
    before = lines(host, "/srv/job.started")
    support.restart(host)
    support.until(lambda: job_runs(host), what="the job runs after the reboot")
    assert lines(host, "/srv/job.started") == before + 1
