# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a deploy's journal and report: `<directory>/<stage>/<deploy id>/{journal.jsonl,report.json,report.html}`,
and `<directory>/<stage>/index.html`, which lists them.

Private to this collection.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._report_html import render, render_index
from ._report_model import Report
from ._task_results import name_stage


@dataclass
class Recorder:
    """Takes the journal's entries as they happen. Nothing is written before a plan has named the deploy."""

    directory: Path
    report: Report = field(default_factory=Report)
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _is_listed: bool = False

    @property
    def folder(self) -> Path | None:
        """Where this deploy's files are; None until a plan names the deploy."""
        if not self.report.deploy_id:
            return None
        return self.directory / self.report.stage / self.report.deploy_id

    def record(self, entry: dict[str, Any]) -> None:
        """Add one entry to the journal. Raises EventError (nothing is recorded then) and OSError."""
        self.report.apply(entry)
        self._waiting.append(entry)
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        # One write for each line, so that a killed controller leaves whole lines only.
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            for waiting in self._waiting:
                journal.write(json.dumps(waiting, sort_keys=True) + "\n")
        self._waiting.clear()

    def write(self) -> Path | None:
        """Write the report as of now and point `latest` at it; returns the page's path. Raises OSError."""
        if self.folder is None:
            return None
        content = name_stage(self.report.as_dict(), self.report.stage)
        _replace(self.folder / "report.json", json.dumps(content, indent=2) + "\n")
        page = self.folder / "report.html"
        _replace(page, render(content))
        _point(self.folder.parent / "latest", at=self.folder.name)
        # Once so that a deploy is listed even if its controller dies, and once with its outcome.
        if self.report.finished or not self._is_listed:
            _replace(
                self.folder.parent / "index.html", render_index(self.report.stage, past_reports(self.folder.parent))
            )
            self._is_listed = True
        return page


def past_reports(folder: Path) -> list[dict[str, Any]]:
    """The reports of a stage's `folder`, the newest first; what cannot be read is left out."""
    reports = []
    for path in folder.glob("*/report.json"):
        if path.parent.is_symlink():
            continue
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(report, dict) and report.get("started"):
            reports.append(report)
    return sorted(reports, key=lambda report: str(report["started"]), reverse=True)


def _replace(path: Path, text: str) -> None:
    """Write a file so that readers see the old one or the new one, never a half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _point(link: Path, *, at: str) -> None:
    """Make `link` a relative symbolic link to its sibling `at`, never absent in between."""
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(at)
    draft.replace(link)
