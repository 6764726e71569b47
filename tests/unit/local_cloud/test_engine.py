# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.local_cloud import engine
from lab.local_cloud.settings import Settings


def test_complete_computer_lacks_nothing() -> None:
    assert engine.missing_packages(lambda program: program, engine_answers=True) == []


def test_docker_is_installed_only_where_no_engine_answers_and_none_is_installed() -> None:
    def without_dockerd(program: str) -> str | None:
        return None if program == "dockerd" else program

    assert engine.missing_packages(without_dockerd, engine_answers=False) == ["docker.io"]
    assert engine.missing_packages(without_dockerd, engine_answers=True) == []
    assert engine.missing_packages(lambda program: program, engine_answers=False) == []


def test_system_programs_are_found_where_sudo_leaves_them_out() -> None:
    assert engine.with_system_programs("/bin") == "/bin:/usr/sbin:/sbin"
    assert engine.with_system_programs("/usr/sbin:/sbin") == "/usr/sbin:/sbin"


def test_without_root_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(engine.EngineError, match="sudo"):
        engine.prepare(Settings())


def test_process_is_stopped_only_if_it_is_the_program(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with subprocess.Popen(["sleep", "60"]) as process:
        pid_file.write_text(f"{process.pid}\n")
        engine.stop_process(pid_file, program="dockerd")
        assert process.poll() is None
        assert not pid_file.exists()
        pid_file.write_text(f"{process.pid}\n")
        engine.stop_process(pid_file, program="sleep")
        assert not engine.process_runs(process.pid, "sleep")


def test_this_process_runs_and_a_pid_without_process_does_not() -> None:
    name = Path(f"/proc/{os.getpid()}/comm").read_text().strip()
    assert engine.process_runs(os.getpid(), name), sys.argv
    assert not engine.process_runs(2**22 + 1, name)
