# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cron runs on a server, read from its tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SYSTEM = "/etc/"
_SETTING = re.compile(r"\w+\s*=")


class Job(NamedTuple):
    """A command, and the table that it is in."""

    file: str
    command: str


def jobs_of(tables: Mapping[str, str]) -> list[Job]:
    """Return the jobs of all tables, whose texts are given by their paths (crontab(5))."""
    return [Job(path, command) for path, text in sorted(tables.items()) for command in _commands(path, text)]


def _commands(path: str, text: str) -> Iterable[str]:
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#") or _SETTING.match(line):
            continue
        # The time is one word (@daily) or five; in a table of the system's, the user follows it.
        words = (1 if line.startswith("@") else 5) + path.startswith(SYSTEM)
        command = line.split(None, words)[words:]
        if command:
            yield command[0]
