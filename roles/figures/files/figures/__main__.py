# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m figures SETTINGS`: take the figures once and append them to the log.

What cannot be taken is a note in the line, not a figure: an alarm on a missing metric then tells.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis

from .metric_format import metric_line
from .queue import queue_figures

SECONDS = 20
# The program tells the age of the newest backup, but fails if it is above the age that it is given.
ANY_AGE = str(10**9)


def main(settings_file: str) -> int:
    """Append one line. Raises OSError if there is no place for it."""
    settings: dict[str, Any] = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    figures: dict[str, float] = {}
    notes = {"Release": release(Path(settings["site_root"]))}
    try:
        client = redis.Redis.from_url(settings["redis_url"], socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        figures |= queue_figures(client, settings["queues"], now=time.time())
    except redis.RedisError as error:
        notes["QueueError"] = str(error)
    if settings["backup_command"]:
        try:
            figures["BackupAgeSeconds"] = backup_age(settings["backup_command"])
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            notes["BackupError"] = getattr(error, "stderr", None) or str(error)
    line = metric_line(
        namespace=settings["namespace"], stage=settings["stage"], figures=figures, notes=notes, now=time.time()
    )
    with Path(settings["log_file"]).open("a", encoding="utf-8") as log:
        log.write(line)
    return 0


def release(site_root: Path) -> str:
    """Return the id of the active release; an empty text before the first deploy."""
    link = site_root / "repo"
    return link.resolve().name if link.is_symlink() else ""


def backup_age(command: list[str]) -> float:
    """Return the newest backup's age in seconds. Raises SubprocessError if there is none."""
    done = subprocess.run([*command, "--max-age", ANY_AGE], check=True, capture_output=True, text=True, timeout=SECONDS)
    return float(json.loads(done.stdout)["age"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
