# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent gets a new configuration, or keeps the old one, whatever happens."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from plugins.module_utils.cloudwatch.agent import Agent, AgentError, Status, settle
from tests.unit.plugins.module_utils.fake_clock import FakeClock

STARTED = datetime(2026, 11, 25, 1, 31, 29, tzinfo=timezone.utc)


class Control:
    """Stands in for the agent's command: it refuses a file with `bad` in it, and dies of one with `deadly`."""

    def __init__(self) -> None:
        self.loaded: str | None = None
        self.running = False

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        if command[2] == "status":
            status = "running" if self.running else "stopped"
            return 0, json.dumps({"status": status, "starttime": STARTED.isoformat() if self.running else ""}), ""
        text = Path(command[-1].removeprefix("file:")).read_text()
        if "bad" in text:
            return 1, "Configuration validation first phase failed", ""
        self.loaded, self.running = text, "deadly" not in text
        return 0, "Configuration validation succeeded", ""


def agent(control: Control) -> Agent:
    return Agent(run=control, clock=FakeClock())


def test_loads(tmp_path: Path) -> None:
    control, path = Control(), tmp_path / "stage.json"
    settle(agent(control), path, "good", timeout=5)
    assert (control.loaded, control.running) == ("good", True)
    assert [file.name for file in tmp_path.iterdir()] == ["stage.json"]


def test_refused_configuration_leaves_file_and_agent(tmp_path: Path) -> None:
    control, path = Control(), tmp_path / "stage.json"
    settle(agent(control), path, "old", timeout=5)
    with pytest.raises(AgentError, match="first phase failed"):
        settle(agent(control), path, "bad", timeout=5)
    assert (path.read_text(), control.loaded, control.running) == ("old", "old", True)


def test_agent_that_dies_of_its_configuration_gets_the_old_one_back(tmp_path: Path) -> None:
    control, path = Control(), tmp_path / "stage.json"
    settle(agent(control), path, "old", timeout=5)
    with pytest.raises(AgentError, match="does not run 5 s after"):
        settle(agent(control), path, "deadly", timeout=5)
    assert (path.read_text(), control.loaded, control.running) == ("old", "old", True)


def test_refused_first_configuration_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(AgentError):
        settle(agent(Control()), tmp_path / "stage.json", "bad", timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_status_that_cannot_be_read_is_an_error() -> None:
    broken = Agent(run=lambda command: (127, "", "not found"), clock=FakeClock())
    with pytest.raises(AgentError, match="ended with 127 and said: not found"):
        broken.status()


@pytest.mark.parametrize(
    ("running", "seconds", "knows"), [(True, -5, True), (True, 0.9, True), (True, 2, False), (False, -5, False)]
)
def test_agent_knows_what_was_written_before_it_started(running: bool, seconds: float, knows: bool) -> None:
    assert Status(running, STARTED).knows(STARTED + timedelta(seconds=seconds)) is knows


def test_agent_that_never_ran_knows_nothing() -> None:
    assert not Status(running=False, started=None).knows(STARTED)
