# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup program starts ends with it, whenever that is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.roles.backups.program import LIBRARIES, ended, until

START = "import subprocess, sys; from backup_library.programs import bound; subprocess.run(bound(*sys.argv[1:]))"
# In the place of setpriv: the kernel does not know yet whose death this child is to share.
SLOW = """#!/bin/sh
touch {directory}/begun
while [ ! -e {directory}/go ]; do sleep 0.01; done
exec /usr/bin/setpriv "$@"
"""


def started(directory: Path, *command: str) -> subprocess.Popen[str]:
    """Start a program that starts a command; the slow setpriv is on its path."""
    (directory / "setpriv").write_text(SLOW.format(directory=directory), encoding="utf-8")
    (directory / "setpriv").chmod(0o755)
    return subprocess.Popen(
        [sys.executable, "-c", START, *command],
        env=os.environ | {"PYTHONPATH": LIBRARIES, "PATH": f"{directory}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_command_whose_program_dies_as_it_starts_does_not_run(tmp_path: Path) -> None:
    process = started(tmp_path, "touch", str(tmp_path / "ran"))
    until((tmp_path / "begun").exists, what="the command is about to start")
    process.kill()
    process.wait(timeout=10)
    (tmp_path / "go").touch()
    ended(process)
    assert not (tmp_path / "ran").exists()


def test_a_command_whose_program_lives_runs(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    ended(started(tmp_path, "touch", str(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_a_command_ends_when_its_program_is_killed(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    process = started(tmp_path, "sh", "-c", f"touch {tmp_path}/ran; exec sleep 120")
    until((tmp_path / "ran").exists, what="the command runs")
    process.kill()
    ended(process, seconds=20)
