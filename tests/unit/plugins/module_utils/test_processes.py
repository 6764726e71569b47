# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a made-up /proc."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._processes import (
    ReleaseProcess,
    release_processes,
    shown,
)

# Waits for its end of the input, whatever words it has besides.
WAITS = ["sh", "-c", "read line"]


def add(proc: Path, pid: int, *, cwd: str, command: str, parent: int = 1) -> None:
    directory = proc / str(pid)
    directory.mkdir(parents=True)
    (directory / "cwd").symlink_to(cwd)
    (directory / "cmdline").write_bytes(command.replace(" ", "\0").encode() + b"\0")
    (directory / "stat").write_text(f"{pid} (a) odd (name) S {parent} 1 1")


def test_processes_belong_to_the_release_they_run_in(tmp_path: Path) -> None:
    proc, releases = tmp_path / "proc", tmp_path / "releases"
    add(proc, 20, cwd=f"{releases}/v2", command="python manage.py rqworker default")
    add(proc, 9, cwd=f"{releases}/v1 (deleted)", command="python manage.py rqworker default", parent=5)
    add(proc, 10, cwd=f"{releases}/v1/source (deleted)", command="python manage.py rqworker default")
    add(proc, 21, cwd=f"{releases}/v2", command="gunicorn config.wsgi")
    add(proc, 22, cwd="/", command="python manage.py rqworker default")
    (proc / "self").mkdir()
    (proc / "23").mkdir()  # It has just ended.
    command = "python manage.py rqworker default"
    assert release_processes(releases=releases, command="rqworker", proc=proc) == [
        ReleaseProcess(pid=9, parent=5, release="v1", command=command),
        ReleaseProcess(pid=10, parent=1, release="v1", command=command),
        ReleaseProcess(pid=20, parent=1, release="v2", command=command),
    ]


@pytest.mark.parametrize(
    "words", [["a"], ["--conf", '{"a": 1}'], ["it's", "$HOME", "a\\b", "%d"], ["", "two  blanks", ""]], ids=repr
)
def test_a_command_is_found_by_what_the_kernel_shows_of_it(tmp_path: Path, words: list[str]) -> None:
    """That is its words, without the quotes that the inventory has around them."""
    (tmp_path / "v1").mkdir()
    command = shlex.join([*WAITS, *words])
    with subprocess.Popen([*WAITS, *words], cwd=tmp_path / "v1", stdin=subprocess.PIPE) as process:
        found = release_processes(releases=tmp_path, command=command)
        other = release_processes(releases=tmp_path, command=shlex.join([*WAITS, *words, "more"]))
        process.communicate()
    assert [(one.pid, one.release, one.command) for one in found] == [(process.pid, "v1", shown(command))]
    assert other == []
