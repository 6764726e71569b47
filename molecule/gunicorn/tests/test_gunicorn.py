# SPDX-License-Identifier: GPL-3.0-or-later
"""What role gunicorn does with a release, a broken release, a kill and a reboot."""

from __future__ import annotations

import json
from typing import Any

import support
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]

SITE = "/webapps/amy.molecule.test"
SOCKET = "/run/gunicorn/gunicorn.sock"
ASK = (
    "import http.client, socket, sys\n"
    "connection = http.client.HTTPConnection('site')\n"
    "connection.sock = socket.socket(socket.AF_UNIX)\n"
    f"connection.sock.connect('{SOCKET}')\n"
    "connection.request('GET', sys.argv[1], headers={'X-Request-Id': 'canary-7'})\n"
    "print(connection.getresponse().read().decode())\n"
)


def ask(host: Host, path: str = "/", user: str = "amy") -> dict[str, Any] | None:
    """The application's answer to USER's request, None if there is none."""
    result = host.run("runuser -u %s -- python3 -c %s %s", user, ASK, path)
    answer: dict[str, Any] | None = json.loads(result.stdout) if result.succeeded else None
    return answer


def master(host: Host) -> int:
    return int(host.check_output("supervisorctl pid gunicorn"))


def test_runs_the_release_as_the_application_user(host: Host) -> None:
    answer = ask(host)
    assert answer is not None
    assert answer["release"] == "one"
    assert answer["uid"] == host.user("amy").uid
    assert host.check_output(f"readlink /proc/{master(host)}/cwd") == f"{SITE}/releases/one"
    assert len(host.check_output(f"pgrep -P {master(host)}").split()) == 2


def test_socket_is_for_the_group_only(host: Host) -> None:
    assert host.file(SOCKET).mode == 0o660
    assert ask(host, user="daemon") is None


def test_log_has_the_request_id_and_no_query_string(host: Host) -> None:
    ask(host, "/reset?token=secret-token")
    log = f"{SITE}/logs/gunicorn_supervisor.log"
    support.until(lambda: "canary-7" in host.file(log).content_string, what="the request is logged")
    assert '"GET /reset HTTP/1.1" 200' in host.file(log).content_string
    assert "secret-token" not in host.file(log).content_string


def test_serves_again_after_kill(host: Host) -> None:
    host.check_output(f"kill -9 {master(host)}")
    support.until(lambda: ask(host) is not None, what="gunicorn answers after kill -9 of its master")
    host.check_output(f"kill -9 $(pgrep -P {master(host)} | head -1)")
    support.until(lambda: ask(host) is not None, what="gunicorn answers after kill -9 of a worker")
    # No process of before the kill is left beside the master and its two workers.
    support.until(lambda: host.run("pgrep --count -f '[b]in/gunicorn'").stdout.strip() == "3", what="three processes")


def test_another_release_restarts_and_the_same_does_not(host: Host) -> None:
    first = master(host)
    check = support.converge("gunicorn", "--check", "-e", "active_release=two")
    assert check.succeeded, check.text
    assert "changed: [amy-molecule-web]" in check.text
    assert master(host) == first
    for release in ("two", "one"):
        run = support.converge("gunicorn", "-e", f"active_release={release}")
        assert run.succeeded, run.text
        answer = ask(host)
        assert answer is not None
        assert answer["release"] == release
        assert master(host) != first
        first = master(host)


def test_a_restart_that_was_cut_off_is_made_up_for(host: Host) -> None:
    host.check_output("sed -i 's/--workers 2/--workers 1/' /etc/supervisor/conf.d/gunicorn.conf")
    host.check_output("supervisorctl update gunicorn")
    before = master(host)
    host.check_output("sed -i 's/--workers 1/--workers 2/' /etc/supervisor/conf.d/gunicorn.conf")
    assert support.converge("gunicorn").succeeded
    assert master(host) != before
    assert len(host.check_output(f"pgrep -P {master(host)}").split()) == 2


def test_a_release_that_cannot_boot_is_told_with_its_log(host: Host) -> None:
    run = support.converge("gunicorn", "-e", "active_release=broken", "-e", "gunicorn_start_timeout=6")
    assert not run.succeeded
    assert "RuntimeError: this release cannot boot" in run.text
    assert support.converge("gunicorn").succeeded
    assert ask(host) is not None


def test_a_release_that_is_not_there_leaves_the_old_one_serving(host: Host) -> None:
    before = master(host)
    run = support.converge("gunicorn", "-e", "active_release=absent")
    assert not run.succeeded
    assert "There is no release at" in run.text
    assert master(host) == before


def test_serves_after_a_reboot(host: Host) -> None:
    support.restart(host)
    support.until(lambda: ask(host) is not None, what="gunicorn answers after the reboot")
