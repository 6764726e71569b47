# SPDX-License-Identifier: GPL-3.0-or-later
"""A line in the log for each command that has done something, or should have: one JSON object, errors included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backup_library.manifest import utc_now


def record(log_file: Path, command: str, outcome: dict[str, Any]) -> None:
    """Append what `command` has led to. The counts of rows are in the manifest, and too many for a line."""
    brief = {name: value for name, value in outcome.items() if name not in ("rows", "migrations")}
    entry = {"time": utc_now().isoformat(timespec="seconds"), "command": command, **brief}
    with log_file.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
