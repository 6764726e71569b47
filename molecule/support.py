# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios' tests do to hosts and testinfra has no word for."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from testinfra.host import Host


def until(condition: Callable[[], bool], *, seconds: float = 30.0, what: str) -> None:
    """Wait for CONDITION for at most SECONDS; raises AssertionError that names WHAT was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.2)


def restart(host: Host) -> None:
    """Restart HOST as a power cycle does: /run is empty, and only what starts at boot runs."""
    subprocess.run(["docker", "restart", "--time", "20", host.backend.get_hostname()], check=True, capture_output=True)
    until(
        lambda: host.run("systemctl is-system-running").stdout.strip() == "running",
        seconds=60,
        what="every unit of the restarted host runs",
    )


@dataclass(frozen=True)
class Run:
    """How ansible-playbook ended, and all it said, with every break and run of blanks made one blank."""

    succeeded: bool
    text: str


def converge(scenario: str, *arguments: str, playbook: str = "converge.yml") -> Run:
    """Apply SCENARIO's role again, or another PLAYBOOK of it, with more ARGUMENTS, as an operator would."""
    folder = Path(__file__).parent
    path = folder / scenario / playbook
    result = subprocess.run(
        ["ansible-playbook", "-i", folder / "inventory", path, "--skip-tags", "neighbours", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(folder.parent / ".collections"),
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_PIPELINING": "1",
        },
    )
    return Run(succeeded=result.returncode == 0, text=" ".join((result.stdout + result.stderr).split()))
