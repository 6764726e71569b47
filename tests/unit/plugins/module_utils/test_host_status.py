# SPDX-License-Identifier: GPL-3.0-or-later
"""A host tells what it runs, and leaves out what it cannot find out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.module_utils import host_status as under_test
from plugins.module_utils.host_status import down_in, free_memory_in, host_status, supervisor_status

RUNNING = "rqworker:rqworker-0   RUNNING   pid 7, uptime 0:01:00\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a kernel's word on one process that runs from a release, and on the memory."""
    site, proc = tmp_path / "site", tmp_path / "proc"
    (site / "releases/v1-0a1b/app").mkdir(parents=True)
    (proc / "7").mkdir(parents=True)
    (proc / "7/cwd").symlink_to((site / "releases/v1-0a1b/app").resolve())
    (proc / "7/cmdline").write_bytes(b"manage.py\0rqworker\0")
    (proc / "7/stat").write_text("7 (python) S 1 7 7")
    (proc / "meminfo").write_text("MemTotal: 4194304 kB\nMemAvailable:   2048 kB\n")
    return proc


def test_everything_is_told_at_once(proc: Path, tmp_path: Path) -> None:
    found = host_status(tmp_path / "site", proc=proc, supervisor=lambda: RUNNING + "gunicorn   FATAL   Exited\n")
    assert found["state"]["active"] is None
    assert found["processes"] == [{"pid": 7, "parent": 1, "release": "v1-0a1b", "command": "manage.py rqworker"}]
    assert found["down"] == {"gunicorn": "FATAL"}
    assert found["running"] == {"rqworker": 1}
    assert found["free_memory"] == 2 << 20


def test_the_timers_are_told_that_make_backups_and_take_figures(tmp_path: Path) -> None:
    printed = (
        "amy-figures.timer          loaded active waiting Take\namy-database-backup.timer  loaded active running B\n"
    )
    found = host_status(tmp_path / "site", supervisor=lambda: "", systemd=lambda: printed)
    assert found["timers"] == ["amy-database-backup.timer", "amy-figures.timer"]
    assert host_status(tmp_path / "site", supervisor=lambda: "", systemd=lambda: "")["timers"] == []


def test_the_stages_own_programs_and_timers_are_told(tmp_path: Path) -> None:
    noted = {"programs": [{"name": "celery"}], "timers": [{"name": "emails"}, {"name": "never"}]}
    (tmp_path / "own.json").write_text(json.dumps(noted))
    printed = (
        "Id=stage-timer-emails.timer\nActiveState=active\nResult=success\n\n"
        "Id=stage-timer-emails.service\nActiveState=failed\nResult=exit-code\n\n"
        "Id=stage-timer-never.timer\nActiveState=inactive\nResult=success\n\n"
        "Id=stage-timer-never.service\nActiveState=inactive\nResult=success\n"
    )
    found = host_status(tmp_path / "site", supervisor=lambda: "", own=tmp_path / "own.json", own_units=lambda: printed)
    assert found["own"] == noted
    assert found["own_timers"] == {
        "emails": {"active": True, "result": "exit-code"},
        "never": {"active": False, "result": "success"},
    }


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_record_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(text)
    found = host_status(tmp_path / "site", supervisor=lambda: "", own=tmp_path / "own.json")
    assert (found["own"], found["own_timers"]) == (None, {})


def test_services_are_told_that_an_update_has_replaced(proc: Path, tmp_path: Path) -> None:
    (proc / "7/maps").write_text("55-56 r-xp 00 fe:01 12 /usr/sbin/nginx (deleted)\n")
    found = host_status(
        tmp_path / "site", proc=proc, supervisor=lambda: "", main_processes=lambda: "Id=nginx.service\nMainPID=7\n"
    )
    assert found["outdated"] == ["nginx"]
    assert host_status(tmp_path / "site", proc=proc, supervisor=lambda: "")["outdated"] == []


def test_it_is_told_whether_requests_wait(tmp_path: Path) -> None:
    link = tmp_path / "application.sock"
    for target, paused in (("gunicorn.sock", False), ("waiting.sock", True)):
        link.unlink(missing_ok=True)
        link.symlink_to(tmp_path / target)
        assert host_status(tmp_path / "site", supervisor=lambda: "", hold=tmp_path)["paused"] is paused


def test_what_the_kernel_does_not_tell_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    found = host_status(tmp_path / "site", proc=tmp_path / "none", supervisor=lambda: "")
    assert (found["processes"], found["free_memory"], found["down"]) == (None, None, {})


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'gunicorn  RUNNING  pid 7'", "gunicorn  RUNNING  pid 7\n"),
        ("echo 'gunicorn  FATAL  Exited'; exit 3", "gunicorn  FATAL  Exited\n"),
        ("echo 'unix:///run/supervisor.sock no such file'; exit 4", None),
        ("exec /bin/sleep 60", None),
        (None, ""),
    ],
    ids=["all run", "one is down", "no supervisord", "no answer", "not installed"],
)
def test_a_supervisord_that_does_not_answer_runs_an_unknown_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str | None, told: str | None
) -> None:
    monkeypatch.setattr(under_test, "PATIENCE", 0.3)
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        program = tmp_path / "supervisorctl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    assert supervisor_status() == told
    found = host_status(tmp_path / "site", proc=tmp_path, supervisor=lambda: told)
    assert (found["running"] is None) == (told is None)


def test_a_kernel_that_does_not_say_what_is_left() -> None:
    assert free_memory_in("MemTotal: 4194304 kB\n") is None


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param("", id="without supervisord"),
        pytest.param("unix:///run/supervisor.sock no such file\n", id="supervisord is not there"),
        pytest.param("gunicorn   STARTING   \n", id="on its way"),
        pytest.param(RUNNING, id="running"),
    ],
)
def test_programs_that_may_run_are_not_down(printed: str) -> None:
    assert down_in(printed) == {}
