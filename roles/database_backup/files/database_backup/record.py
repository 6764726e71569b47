# SPDX-License-Identifier: GPL-3.0-or-later
"""A line in the log for each command that has done something, or should have: one JSON object, errors included."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from backup_library.manifest import utc_now

LONG = ("rows", "migrations", "description")


def record(log_file: Path, command: str, outcome: dict[str, Any]) -> None:
    """Append what `command` has led to, but for what is in the manifest and too long for a line.

    A log that cannot be written is no reason to fail what has succeeded: standard error tells of it.
    """
    brief = {name: value for name, value in outcome.items() if name not in LONG}
    entry = {"time": utc_now().isoformat(timespec="seconds"), "command": command, **brief}
    try:
        with log_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError as error:
        sys.stderr.write(f"This could not be recorded: {error}\n")
