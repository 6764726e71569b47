# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m scripts.status`, with an ansible-playbook that says what it was asked and finds what it is told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WELL = {"stage": "test", "findings": []}
IN_NEED = {"stage": "test", "findings": [{"what": "web1 does not answer over SSH", "run": "look"}]}
ANSIBLE = """#!/bin/sh
echo "asked: $*"
echo "callback: $ANSIBLE_STDOUT_CALLBACK"
for last; do :; done
[ -z "$FOUND" ] || printf '%s' "$FOUND" > "${last#status_file=}"
exit "$CODE"
"""


def status(folder: Path, *arguments: str, found: object = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    program = folder / "ansible-playbook"
    program.write_text(ANSIBLE)
    program.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "ANSIBLE_STDOUT_CALLBACK"}
    environment |= {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "FOUND": json.dumps(found) if found else "",
        "CODE": str(code),
    }
    command = [sys.executable, "-m", "scripts.status", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("found", "ansible", "code"),
    [
        pytest.param(WELL, 0, 0, id="well"),
        pytest.param(IN_NEED, 2, 3, id="needs a hand"),
        pytest.param(WELL, 2, 2, id="well, but not all was found out"),
        pytest.param(None, 4, 4, id="not found out"),
        pytest.param(None, 0, 1, id="not found out, and not noticed"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--json"]], ids=["lines", "json"])
def test_the_exit_code_tells_whether_the_stage_is_well(
    arguments: list[str], found: object, ansible: int, code: int, tmp_path: Path
) -> None:
    assert status(tmp_path, *arguments, "test", found=found, code=ansible).returncode == code


def test_lines_are_what_the_playbook_prints(tmp_path: Path) -> None:
    done = status(tmp_path, "test", "-e", "@vars.yml", found=WELL)
    asked, callback = done.stdout.splitlines()
    assert asked.startswith("asked: -i inventories/test carpentries.amy.status -e @vars.yml -e status_file=/")
    assert callback == "callback: carpentries.amy.progress"


def test_json_is_alone_on_the_standard_output(tmp_path: Path) -> None:
    done = status(tmp_path, "--json", "test", found=IN_NEED, code=2)
    assert json.loads(done.stdout) == IN_NEED
    assert "asked: " in done.stderr
    assert status(tmp_path, "--json", "test", code=4).stdout == ""


def test_make_asks_for_it() -> None:
    shown = [
        subprocess.run(
            ["make", "-n", "status", "STAGE=test", *more],
            cwd=ROOT,
            # A make that runs this test would pass its own flags on.
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for more in ([], ["FORMAT=json"])
    ]
    assert shown[0].splitlines()[-1].split() == ["python", "-m", "scripts.status", "test"]
    assert shown[1].splitlines()[-1].split() == ["python", "-m", "scripts.status", "--json", "test"]
