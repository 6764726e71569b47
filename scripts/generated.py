# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of which a part is written from the code: the place for it, and the command that writes or checks it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class PlaceError(Exception):
    """A page has no place for what belongs into it."""


def filled(page: str, *, place: str, text: str) -> str:
    """`page` with `text` between the comments that mark a `place`. Raises PlaceError where they are not."""
    begin, end = f"<!-- {place} -->", f"<!-- /{place} -->"
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise PlaceError(f"it must hold a line {begin} and, after that, a line {end}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def keep(pages: Mapping[Path, Callable[[str], str]], arguments: Sequence[str], *, description: str | None) -> int:
    """Write what each of the `pages` should be; returns the exit code.

    With `--check` among the arguments nothing is written, and a page that is not what it should be is a complaint.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is not up to date")
    check = parser.parse_args(arguments).check
    complaints = []
    for path, documented in pages.items():
        try:
            old = path.read_text(encoding="utf-8")
            new = documented(old)
        except (OSError, PlaceError) as error:
            complaints.append(f"{path}: {error}")
            continue
        if check and old != new:
            complaints.append(f"{path}: a table is not what the code says; run: make document")
        elif old != new:
            path.write_text(new, encoding="utf-8")
    sys.stderr.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0
