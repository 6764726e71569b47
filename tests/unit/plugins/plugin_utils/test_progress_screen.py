# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from plugins.plugin_utils._progress_model import Progress, Result, Task
from plugins.plugin_utils._progress_screen import Screen, drawing, screen_for

LONG_NAME = "Wait until the requests in flight have ended, however long each of them may take"
PLAN = {
    "type": "plan",
    "stage": "test",
    "release": {"id": "v2-abc", "ref": "v2"},
    "hosts": {"web1": "web", "web2": "web", "worker1": "worker"},
}


def rolling() -> Progress:
    """The middle of a deploy: web1 has been renewed, web2 drains."""
    run = Progress(expected=["Check", "Roll", "Confirm"], estimates={"Check": 10, "Roll": 60}, started=0.0)
    run.begin_phase("Check", at=0.0)
    run.end_task("localhost", Task("1", "Plan"), Result("ok", events=(PLAN,)), at=1.0)
    run.begin_phase("Roll", at=10.0)
    run.end_task("web1", Task("2", "Go"), Result("ok", events=({"type": "host_release", "to": "v2-abc"},)), at=11.0)
    run.end_task("web2", Task("2", "Go"), Result("ok", events=({"type": "host_out_of_service"},)), at=30.0)
    run.begin_task("web2", Task("3", LONG_NAME, "draining"), role="web", at=32.0)
    run.look_on(lambda host: "3 in flight" if host == "web2" else "")
    return run


def drawn(run: Progress, *, width: int, height: int = 24, now: float = 40.0) -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(drawing(run, now=now, width=width, height=height))
    return console.export_text().rstrip("\n").split("\n")


@pytest.mark.parametrize("width", [80, 200])
def test_it_fits_and_says_what_matters(width: int) -> None:
    lines = drawn(rolling(), width=width)
    assert len(lines) == 7
    assert all(len(line) <= width for line in lines)
    _, headline, bar, controller, web1, web2, worker1 = (line.rstrip() for line in lines)
    assert headline.startswith("v2 to test  Roll")
    assert headline.endswith("1 of 2 in rotation, 2/3")
    assert bar.endswith(" 0:40, about 0:30 left, 0:30 in this phase")
    assert controller.split() == ["·", "controller"]
    assert web1.split() == ["✓", "web1"]
    assert web2.startswith("· web2")
    assert "out of rotation 0:10 draining, 3 in flight · Wait" in web2
    assert web2.endswith(" 8 s")
    assert worker1.split() == ["·", "worker1"]


def test_a_narrow_terminal_shortens_names_a_wide_one_shows_them() -> None:
    assert LONG_NAME not in "".join(drawn(rolling(), width=80))
    assert LONG_NAME in "".join(drawn(rolling(), width=200))


def test_a_failure_stays_to_be_seen() -> None:
    run = rolling()
    run.end_task("web2", Task("3", "Prove"), Result("failed"), at=39.0)
    assert any(line.startswith("✗ web2") for line in drawn(run, width=80))


def test_a_dry_run_is_called_one() -> None:
    run = rolling()
    run.dry = True
    assert drawn(run, width=80)[1].startswith("v2 to test, dry run  Roll")


def test_of_many_hosts_those_are_shown_that_matter() -> None:
    run = rolling()
    for number in range(3, 31):
        run.begin_task(f"web{number}", Task("0", "Look"), role="web", at=0.0)
        run.end_task(f"web{number}", Task("0", "Look"), Result("ok"), at=1.0)
    run.begin_task("web30", Task("3", "Drain"), role="web", at=39.0)
    lines = drawn(run, width=80, height=12)
    assert len(lines) == 8
    assert [line.split()[1] for line in lines[3:-1]] == ["controller", "web1", "web2", "web30"]
    assert lines[-1].strip() == "and 28 more"


def test_what_is_printed_meanwhile_stands_above(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True, color_system=None)
    screen = Screen(rolling(), console=console, now=lambda: 40.0, notes=lambda _host: "")
    screen.start()
    sys.stdout.write("         web1 has v2\n")
    screen.stop()
    output = file.getvalue()
    assert output.index("web1 has v2") < output.rindex("v2 to test  Roll")
    # The last word on the cursor is that it is shown, and the drawing is gone.
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")
    assert "web1 has v2" not in capsys.readouterr().out


def test_there_is_no_screen_where_there_is_no_terminal() -> None:
    assert screen_for(rolling(), now=lambda: 0.0, notes=lambda _host: "", no_color=False) is None
