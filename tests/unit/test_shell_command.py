# SPDX-License-Identifier: GPL-3.0-or-later
"""`make shell` and `make manage` run what their playbook has put together, and end as that does."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = """#!/usr/bin/env python3
import json, os, sys
facts = json.loads(sys.argv[-1].replace(": !unsafe ", ": "))
if facts["shell_host"] == "typo":
    sys.exit("Stage test has no host typo")
open(facts["shell_file"], "w").write(json.dumps(["ssh", sys.argv[2], facts["shell_host"], facts["shell_manage"],
                                                   facts["shell_terminal"]]))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder whose ansible-playbook puts words together, and whose ssh shows them and fails."""
    for name, text in {"ansible-playbook": PLAYBOOK, "ssh": '#!/bin/sh\nprintf "%s|" "$@"\nexit 5\n'}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "told", "code", "shown"),
    [
        (["test", "web1"], "", 5, "inventories/test|web1||"),
        # They are ansible-playbook's elsewhere, and nothing here.
        (["test", "web1"], "-e x=y", 5, "inventories/test|web1||"),
        (["--manage", "test", ""], """shell -c "print('x')" """, 5, """inventories/test||shell -c "print('x')" |"""),
        (["--manage", "test", "web1"], "check", 5, "inventories/test|web1|check|"),
        (["--manage", "test", ""], "", 2, 'Run: make manage STAGE=test ARGS="check"'),
        (["test", "typo"], "", 1, "Stage test has no host typo"),
    ],
)
def test_what_the_playbook_says_is_run(arguments: list[str], told: str, code: int, shown: str, programs: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.shell", *arguments],
        cwd=ROOT,
        env={**os.environ, "ARGUMENTS": told, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, shown in done.stdout + done.stderr) == (code, True), done


@pytest.mark.parametrize("has_terminal", [True, False])
def test_the_playbook_is_told_whether_there_is_a_terminal(has_terminal: bool, programs: Path) -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.shell", "test", "web1"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdin=terminal if has_terminal else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    for end in (controller, terminal):
        os.close(end)
    assert done.stdout == f"inventories/test|web1||{'true' if has_terminal else 'false'}|"
