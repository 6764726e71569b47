# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a deploy on the documentation's first page is what its journal tells."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from plugins.plugin_utils._progress_text import lines_of
from scripts.draw_deploy import main, page, replay

RECORDED = Path(__file__).parents[2] / "docs/recorded_deploy.jsonl"


def moment(second: float) -> str:
    return f"2026-01-01T00:00:{second:06.3f}Z"


def step(name: str, *, begun: float, ended: float, host: str = "web1", status: str = "changed") -> dict[str, Any]:
    return {
        **{"at": moment(ended), "start": moment(begun), "kind": "step", "host": host, "name": name},
        **{"role": "web", "status": status, "ignored": False, "message": ""},
    }


JOURNAL: list[dict[str, Any]] = [
    {"at": moment(0), "kind": "playbook", "name": "deploy"},
    {"at": moment(0), "kind": "phase", "name": "Build"},
    step("Build it", begun=1, ended=4),
    {"at": moment(5), "kind": "phase", "name": "Roll"},
    step("carpentries.amy.rotation : Leave", begun=6, ended=10),
    {"at": moment(10), "kind": "event", "host": "web1", "event": {"type": "host_out_of_service"}},
    step("Start", begun=12, ended=20),
    {"at": moment(21), "kind": "finished", "failed": [], "interrupted": False},
]


@pytest.mark.parametrize(
    ("until", "printed", "running"),
    [
        (3, [], "Build it"),
        (9, ["   0:00  Build", "         changed  Build it: web1"], "rotation : Leave"),
        (
            15,
            [
                *("   0:00  Build", "         changed  Build it: web1"),
                *("   0:05  Roll", "         web1 is out of rotation", "         changed  rotation : Leave: web1"),
            ],
            "Start",
        ),
    ],
)
def test_the_terminal_is_that_of_the_moment(until: float, printed: list[str], running: str) -> None:
    terminal = replay(JOURNAL, until=until)
    assert [line for note in terminal.notes for line in lines_of(note)] == printed
    task = terminal.progress.hosts["web1"].task
    assert task
    assert task.name == running


def test_the_page_is_text_that_shows_what_is_left() -> None:
    text = html.unescape(re.sub("<[^>]*>", "", page(replay(JOURNAL, until=15), "make deploy")))
    assert text.startswith("$ make deploy\n")
    assert "0:15, about 0:06 left" in text
    assert "out of rotation 0:05" in text


def test_what_a_task_is_called_is_no_markup() -> None:
    journal = [*JOURNAL[:6], step("[red]<script>", begun=12, ended=20)]
    assert "[red]&lt;script&gt;" in page(replay(journal, until=15), "make deploy")


def test_the_recording_makes_a_terminal_and_a_report(tmp_path: Path) -> None:
    main(str(RECORDED), "190", str(tmp_path / "terminal.html"), str(tmp_path / "reports"))
    assert "web2" in (tmp_path / "terminal.html").read_text(encoding="utf-8")
    report = json.loads((tmp_path / "reports/local/latest/report.json").read_text(encoding="utf-8"))
    assert report["outcome"] == "succeeded"
    assert set(report["requests"]["during"]["statuses"]) == {"200"}


def test_the_recording_names_no_file_of_the_controller() -> None:
    paths = set(re.findall(r'[" ](/\w+)', RECORDED.read_text(encoding="utf-8")))
    assert paths <= {"/webapps", "/var", "/etc"}
