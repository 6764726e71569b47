# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.controllers [NAME ...]`: test the collection on each supported controller, or on those named.

A controller is a bare Debian below .cache/controllers, which `make` would set up: scripts/setup.sh, then the tests.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.controllers.machine import Machine
from tests.controllers.table import Controller, chosen

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ROOT / ".cache" / "controllers"
SET_UP = """
cd "$1"
scripts/test_programs.sh
scripts/setup.sh development
VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet "ansible==$2.*"
.venv/bin/ansible --version | head -n 1
.venv/bin/python --version
"""
TEST = 'cd "$1" && shift && PATH=$PWD/.venv/bin:$PATH ANSIBLE_HOME=$PWD/.ansible exec python -m pytest -q "$@"'
HOW = ("-n", "auto", "--dist", "loadfile", "--timeout", "600")


def test(controller: Controller) -> bool:
    """Whether the collection passes on the controller; prints what its tests say."""
    folder = f"/collection/ansible{controller.ansible}"
    machine = Machine(MACHINES / controller.distribution.codename, controller.distribution)
    try:
        machine.start()
        machine.copy(ROOT, to=folder)
        machine.run(["bash", "-euo", "pipefail", "-c", SET_UP, "bash", folder, str(controller.ansible)])
        for arguments in controller.tests:
            machine.run(["bash", "-c", TEST, "bash", folder, *HOW, *arguments])
    except subprocess.CalledProcessError as error:
        print(f"{controller.name}: exit code {error.returncode}", flush=True)
        return False
    return True


def main(names: list[str]) -> int:
    """Test one controller after the other; the exit code."""
    results = {}
    for controller in chosen(names):
        print(f"--- {controller.name} on {controller.distribution.codename}", flush=True)
        started = time.monotonic()
        results[controller.name] = (test(controller), time.monotonic() - started)
    for name, (passed, seconds) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {name}  {seconds / 60:.1f} min")
    return 0 if all(passed for passed, _ in results.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ValueError as error:
        sys.exit(str(error))
