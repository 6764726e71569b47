# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator at the controller: runs the deploy, reads what it prints, and may be struck dead."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import playbook
from tests.stage.fleet import described_stage

ROOT = Path(__file__).resolve().parents[2]
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
CONVERGED = ("--skip-tags", "configure")
PATIENCE = 1800  # seconds; a deploy of the local stage takes about one minute
# Seconds from the command until all web hosts serve again that a dead controller had left closed or out of rotation.
RECOVERED = 30


@dataclass(frozen=True)
class Deploy:
    """A deploy that has ended: its exit code, all that it printed, and how long it took in seconds."""

    code: int
    output: str
    seconds: float

    @property
    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by host."""
        return {host: int(changed) for host, changed, _, _ in RECAP.findall(self.output)}

    def says(self, pattern: str) -> bool:
        """Whether the output has a text, however its lines were broken."""
        return re.search(pattern, " ".join(self.output.split())) is not None

    def __str__(self) -> str:
        return f"exit code {self.code} after {self.seconds:.0f} s\n{self.output[-6000:]}"


class RunningDeploy:
    """A deploy in a process group of its own, so that a SIGKILL strikes all of the controller at once."""

    def __init__(self, version: str, *arguments: str) -> None:
        command = [
            "ansible-playbook",
            "-i",
            inventory(),
            "carpentries.amy.deploy",
            "-e",
            f"release_version={version}",
        ]
        self._started = time.monotonic()
        self._lines: list[str] = []
        self._process = subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _read(self) -> Iterator[str]:
        if self._process.stdout is None:  # it is a pipe; this is for the type checker
            return
        for line in self._process.stdout:
            self._lines.append(line)
            yield line

    def wait_for(self, pattern: str) -> str:
        """Return the first line that matches; raise AssertionError when the deploy ends without one."""
        for line in self._read():
            if re.search(pattern, line):
                return line
        msg = f"The deploy ended before it printed {pattern!r}: {self.finish()}"
        raise AssertionError(msg)

    def kill(self) -> None:
        """End the controller as a power cut does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self.finish()

    def finish(self) -> Deploy:
        """Wait for the end and return what happened."""
        for _ in self._read():
            pass
        code = self._process.wait(timeout=PATIENCE)
        return Deploy(code, "".join(self._lines), time.monotonic() - self._started)


def inventory() -> str:
    """Return the inventory of the stage that the local cloud has."""
    return playbook.inventory(described_stage()["stage"])


def run_playbook(name: str, *arguments: str) -> Deploy:
    """Run another of the playbooks to its end."""
    started = time.monotonic()
    command = ["ansible-playbook", "-i", inventory(), f"carpentries.amy.{name}", *arguments]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return Deploy(done.returncode, done.stdout + done.stderr, time.monotonic() - started)


@dataclass(frozen=True)
class Status:
    """What `make status` has found: its exit code, and its JSON."""

    code: int
    found: dict[str, Any]

    @property
    def findings(self) -> dict[str, str]:
        """The commands to run, by what needs a hand."""
        return {finding["what"]: finding["run"] for finding in self.found.get("findings", [])}


def status(*arguments: str) -> Status:
    """Ask for the stage's status."""
    command = [sys.executable, "-m", "scripts.status", "--json", described_stage()["stage"], *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Status(done.returncode, json.loads(done.stdout or "{}"))


def deploy(version: str, *arguments: str) -> Deploy:
    """Run a deploy to its end."""
    return RunningDeploy(version, *arguments).finish()


def deploy_to_converged_hosts(version: str, *arguments: str) -> Deploy:
    """Run a deploy to its end without looking at the hosts' packages and configuration again, which takes a minute."""
    return deploy(version, *CONVERGED, *arguments)
