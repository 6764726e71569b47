# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The agent of this host: asked and told by its own command, `amazon-cloudwatch-agent-ctl`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable

from .._clock import Clock

CONTROL = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
INTERVAL = 0.1  # seconds
# The command tells when the agent was started in whole seconds.
RESOLUTION = timedelta(seconds=1)

Run = Callable[["list[str]"], "tuple[int, str, str]"]


class AgentError(Exception):
    """The agent does not do what it is told; the message has its own words."""


@dataclass(frozen=True)
class Status:
    """Whether the agent runs, and since when."""

    running: bool
    started: datetime | None

    def knows(self, changed: datetime) -> bool:
        """Whether it was started after its configuration was `changed`."""
        return self.running and self.started is not None and self.started + RESOLUTION > changed


class Agent:
    """`run` runs a command and returns its exit code, standard output and standard error."""

    def __init__(self, *, run: Run, clock: Clock, control: str = CONTROL) -> None:
        self._run = run
        self._clock = clock
        self._control = control

    def status(self) -> Status:
        """Ask how the agent is. Raises AgentError if its command fails."""
        code, out, err = self._run([self._control, "-a", "status"])
        try:
            answer = json.loads(out)
            started = answer["starttime"]
            return Status(
                running=answer["status"] == "running", started=datetime.fromisoformat(started) if started else None
            )
        except (ValueError, KeyError, TypeError) as error:
            raise AgentError(f"{self._control} -a status ended with {code} and said: {out}{err}") from error

    def load(self, path: Path, *, timeout: float) -> None:
        """Let the agent work with the file at `path` and nothing else, and wait for `timeout` seconds until it does.

        Raises AgentError if it refuses the file, which leaves it running as before, or does not run with it.
        """
        code, out, err = self._run([self._control, "-a", "fetch-config", "-m", "ec2", "-s", "-c", f"file:{path}"])
        if code != 0:
            raise AgentError(f"it refuses its configuration: {out}{err}".strip())
        deadline = self._clock.monotonic() + timeout
        while not self.status().running:
            if self._clock.monotonic() >= deadline:
                raise AgentError(f"it does not run {timeout:g} s after it was started")
            self._clock.sleep(INTERVAL)


def settle(agent: Agent, path: Path, text: str, *, timeout: float) -> None:
    """Write the configuration and have the agent work with it. Raises AgentError, with the old file back in place."""
    previous = path.read_text(encoding="utf-8") if path.exists() else None
    _replace(path, text)
    try:
        agent.load(path, timeout=timeout)
    except AgentError:
        if previous is None:
            path.unlink()
        else:
            _replace(path, previous)
            if not agent.status().running:
                agent.load(path, timeout=timeout)
        raise


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(path)
