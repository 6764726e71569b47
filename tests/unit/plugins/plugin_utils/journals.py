# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals of deploys, read back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plugins.plugin_utils._report_model import Report


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The entries of a journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def from_journal(entries: Iterable[dict[str, Any]]) -> Report:
    """The report that ENTRIES tell."""
    report = Report()
    for entry in entries:
        report.apply(entry)
    return report
