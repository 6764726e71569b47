# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of docs/alarms.md (what is watched, and what silence means) from the code that decides.

With `--check` nothing is written; the exit code is 1 when the table is not what it should be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from plugins.module_utils.monitoring.watches import ALARM, AS_BEFORE, WATCHES, WELL, Watch
from scripts.generated import filled, keep

PAGE = Path(__file__).resolve().parent.parent / "docs/alarms.md"
SILENCE = {ALARM: "the alarm goes off", WELL: "all is well", AS_BEFORE: "it stays as it is"}


def documented(page: str) -> str:
    """`page` with the table in its place. Raises PlaceError."""
    rows = "\n".join(
        ["| alarm | it says that | without data | why | what to run |", "|---|---|---|---|---|", *map(_row, WATCHES)]
    )
    return filled(page, place="alarms", text=rows)


def _row(watch: Watch) -> str:
    meaning = watch.meaning.format(threshold=f"{watch.threshold:g}")
    look = f"[runbook](runbook.md#{watch.look})"
    return f"| `{watch.key}` | {meaning} | {SILENCE[watch.missing]} | {watch.silence} | {look} |"


if __name__ == "__main__":
    sys.exit(keep({PAGE: documented}, sys.argv[1:], description=__doc__))
