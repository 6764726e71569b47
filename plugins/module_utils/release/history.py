# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which release was activated when: `<site root>/releases/history.jsonl`, one line an activation."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import ReleaseError


@dataclass(frozen=True)
class Activation:
    """One change of the active release. `time` is ISO 8601 in UTC; `came_from` is None for a host's first release."""

    time: str
    came_from: str | None
    to: str
    deploy_id: str

    def as_line(self) -> str:
        """The activation as one line of the history."""
        record = {"time": self.time, "from": self.came_from, "to": self.to, "deploy_id": self.deploy_id}
        return json.dumps(record) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Activation:
        """The inverse of `as_line`. Raises KeyError, TypeError or ValueError for anything else."""
        record: dict[str, Any] = json.loads(line)
        return cls(time=record["time"], came_from=record["from"], to=record["to"], deploy_id=record["deploy_id"])


def history_file(site_root: Path) -> Path:
    """Where the history of the site is kept."""
    return site_root / "releases" / "history.jsonl"


def read_history(path: Path) -> list[Activation]:
    """All activations, oldest first; none without a file. Raises ReleaseError for a line that is no activation."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    try:
        return [Activation.from_line(line) for line in lines if line.strip()]
    except (KeyError, TypeError, ValueError) as error:
        raise ReleaseError(
            f"{path} has a line that is no activation ({error}). Look at it, and remove that line: tail {path}"
        ) from error


def append_activation(path: Path, activation: Activation) -> None:
    """Add `activation` and return when it is on the disk."""
    with path.open("a") as file:
        file.write(activation.as_line())
        file.flush()
        os.fsync(file.fileno())


def previous_release(history: Sequence[Activation], *, active: str | None, refused: Collection[str] = ()) -> str | None:
    """What ran before `active` when it was new here, and what ran before that if it is one of the `refused`.

    A release that was left for an older one is not gone back to.
    """
    previous = next((past.came_from for past in history if past.to == active), None)
    return previous_release(history, active=previous, refused=refused) if previous in refused else previous
