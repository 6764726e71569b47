# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of docs/alarms.md (what is watched, and what silence means) from the code that decides.

With `--check` nothing is written; the exit code is 1 when the table is not what it should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from plugins.module_utils.monitoring.watches import ALARM, AS_BEFORE, WATCHES, WELL, Watch

PAGE = Path(__file__).resolve().parent.parent / "docs/alarms.md"
BEGIN, END = "<!-- alarms -->", "<!-- /alarms -->"
SILENCE = {ALARM: "the alarm goes off", WELL: "all is well", AS_BEFORE: "it stays as it is"}


def documented(page: str) -> str:
    """`page` with the table between its markers. Raises ValueError without them."""
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not (found_begin and found_end):
        raise ValueError(f"{PAGE} must hold a line {BEGIN} and, after that, a line {END}")
    rows = "\n".join(
        ["| alarm | it says that | without data | why | what to run |", "|---|---|---|---|---|", *map(_row, WATCHES)]
    )
    return f"{before}{BEGIN}\n\n{rows}\n\n{END}{after}"


def _row(watch: Watch) -> str:
    meaning = watch.meaning.format(threshold=f"{watch.threshold:g}")
    look = f"[runbook](runbook.md#{watch.look})"
    return f"| `{watch.key}` | {meaning} | {SILENCE[watch.missing]} | {watch.silence} | {look} |"


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the table is not up to date")
    check = parser.parse_args(arguments).check
    old = PAGE.read_text(encoding="utf-8")
    new = documented(old)
    if old == new:
        return 0
    if check:
        sys.stderr.write(f"{PAGE}: the table is not what the code says; run: python -m scripts.document_alarms\n")
        return 1
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
