# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the actions of a run leave a line about each host, for a callback that shows it before the task has ended.

Private to this collection. A callback that wants them makes the directory and names it in the environment, which the
processes that run tasks inherit; without it nothing is told, and tasks run as without a terminal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

VARIABLE = "AMY_PROGRESS_NOTES"


@dataclass(frozen=True)
class LiveNotes:
    """The lines of all hosts, a file each."""

    directory: Path

    def begin(self) -> None:
        """Ask for notes from now on."""
        self.directory.mkdir(parents=True, exist_ok=True)
        os.environ[VARIABLE] = str(self.directory)

    def end(self) -> None:
        """Ask for no more."""
        os.environ.pop(VARIABLE, None)

    def path_of(self, host: str) -> Path:
        """The file of a host."""
        return self.directory / quote(host, safe="")

    def read(self, host: str) -> str:
        """What is told of a host now; empty if nothing is."""
        try:
            return self.path_of(host).read_text(encoding="utf-8")
        except OSError:
            return ""


def wanted_note(host: str) -> Path | None:
    """The file for what is to be told of a host; None where no callback wants it."""
    directory = os.environ.get(VARIABLE)
    return LiveNotes(Path(directory)).path_of(host) if directory else None
