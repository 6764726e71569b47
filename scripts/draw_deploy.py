# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a deploy for the documentation's site from its journal: the terminal in the middle of it, and its report.

docs/recorded_deploy.jsonl is the journal.jsonl of a deploy of the sample (in its folder of reports/), under the load of
lab/load. What draws it here is what a deploy itself draws by. A journal has no messages of debug tasks, so the
terminal shows none.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from plugins.callback.progress import COLORS
from plugins.module_utils._clock import parse_timestamp
from plugins.plugin_utils._progress_estimates import estimates_from
from plugins.plugin_utils._progress_model import Note, Progress, Result, Task, phases_of
from plugins.plugin_utils._progress_screen import drawing
from plugins.plugin_utils._progress_text import lines_of
from plugins.plugin_utils._report_files import Recorder
from plugins.plugin_utils._report_model import Report

WIDTH, HEIGHT = 96, 34
# Below these lines are the bar, the hosts and the controller.
LINES = 24


class Terminal(NamedTuple):
    """What is printed for good, and what changes in place, at a moment in seconds since the beginning."""

    notes: list[Note]
    progress: Progress
    now: float


class Step(NamedTuple):
    """A task on a host: when it began and ended, in seconds since the beginning."""

    begun: float
    ended: float
    entry: dict[str, Any]
    events: list[dict[str, Any]]


def steps(entries: Iterable[dict[str, Any]], start: datetime) -> Iterator[Step]:
    """The tasks of a journal, each with the events that follow it there."""
    last: dict[str, Step] = {}
    for entry in entries:
        if entry["kind"] == "step":
            begun, ended = (_since(start, entry[key]) for key in ("start", "at"))
            last[entry["host"]] = Step(begun, ended, entry, [])
            yield last[entry["host"]]
        elif entry["kind"] == "event":
            last[entry["host"]].events.append(entry["event"])


def replay(entries: list[dict[str, Any]], *, until: float) -> Terminal:
    """The terminal of a journal's deploy after `until` seconds; what is left is told by the deploy's own times."""
    start = parse_timestamp(entries[0]["at"])
    phases = [(_since(start, entry["at"]), entry["name"]) for entry in entries if entry["kind"] == "phase"]
    progress = Progress(
        expected=phases_of(name for _at, name in phases), estimates=estimates_from([report_of(entries)]), started=0.0
    )
    done = list(steps(entries, start))
    # What happens in the same moment: a task ends, then a phase begins, then a task.
    moments = [
        *((step.ended, 0, step) for step in done),
        *((at, 1, name) for at, name in phases),
        *((step.begun, 2, step) for step in done),
    ]
    notes: list[Note] = []
    for at, kind, what in sorted((moment for moment in moments if moment[0] <= until), key=lambda moment: moment[:2]):
        if isinstance(what, str):
            notes += progress.begin_phase(what, at=at)
        else:
            notes += _end(progress, what) if kind == 0 else _begin(progress, what)
    return Terminal(notes, progress, until)


def report_of(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The content of the report.json that a journal makes."""
    report = Report()
    for entry in entries:
        report.apply(entry)
    return report.as_dict()


def page(terminal: Terminal, command: str) -> str:
    """The terminal as HTML: text that can be selected, and that a narrow screen can scroll."""
    console = Console(
        record=True, file=io.StringIO(), force_terminal=True, color_system="standard", width=WIDTH, height=HEIGHT
    )
    lines = [(line, COLORS[note.kind]) for note in terminal.notes for line in lines_of(note, width=WIDTH)]
    console.print(Text(f"$ {command}"))
    console.print(Text("   ⋮", style="dim"))
    for line, color in lines[-LINES:]:
        console.print(Text(line, style=color or ""))
    console.print(drawing(terminal.progress, now=terminal.now, width=WIDTH, height=HEIGHT))
    code = console.export_html(theme=SVG_EXPORT_THEME, inline_styles=True, code_format="{code}")
    return f'<pre class="terminal">{code}</pre>\n'


def _begin(progress: Progress, step: Step) -> list[Note]:
    return progress.begin_task(step.entry["host"], _task(step), role=step.entry["role"], at=step.begun)


def _end(progress: Progress, step: Step) -> list[Note]:
    ended = Result(status=step.entry["status"], ignored=step.entry["ignored"], events=tuple(step.events))
    return progress.end_task(step.entry["host"], _task(step), ended, at=step.ended)


def _task(step: Step) -> Task:
    name = str(step.entry["name"]).removeprefix("carpentries.amy.")
    return Task(id=name, name=name)


def _since(start: datetime, at: str) -> float:
    return (parse_timestamp(at) - start).total_seconds()


def main(journal: str, seconds: str, terminal: str, reports: str) -> None:
    """Write the file TERMINAL, as it was after SECONDS, and the folder REPORTS, of the deploy of JOURNAL."""
    entries = [json.loads(line) for line in Path(journal).read_text(encoding="utf-8").splitlines()]
    shown = replay(entries, until=float(seconds))
    Path(terminal).write_text(page(shown, "make deploy STAGE=local VERSION=v2"), encoding="utf-8")
    recorder = Recorder(Path(reports))
    for entry in entries:
        recorder.record(entry)
    recorder.write()


if __name__ == "__main__":
    main(*sys.argv[1:])
