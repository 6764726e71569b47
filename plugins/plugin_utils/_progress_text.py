# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A note as lines of text.

Private to this collection.
"""

from __future__ import annotations

import textwrap

from ._progress_model import Kind, Note

# As wide as a headline's clock and the gap after it.
INDENT = " " * 9
# Begins the colours of a difference, which no break may fall into.
_ESCAPE = "\x1b"
_PREFIXES = {Kind.CHANGE: "changed  ", Kind.IGNORED: "ignored  ", Kind.FAILURE: "FAILED  "}


def lines_of(note: Note, *, width: int | None = None) -> list[str]:
    """`note` as lines, broken between words at `width`; unbroken without one, for a pipe."""
    indent = "" if note.kind is Kind.PHASE else INDENT
    headline = [indent + _PREFIXES.get(note.kind, "") + note.text] if note.text else []
    deeper = indent + ("    " if note.text else "")
    details = [deeper + line for detail in note.details for line in detail.splitlines() or [""]]
    lines = [line.rstrip() for line in [*headline, *details]]
    return lines if width is None else [part for line in lines for part in _broken(line, width)]


def _broken(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` characters, each as far to the right as the first, and two more."""
    if _ESCAPE in line:
        return [line]
    hanging = " " * (len(line) - len(line.lstrip()) + 2)
    pieces = textwrap.wrap(
        line, width, subsequent_indent=hanging, break_on_hyphens=False, replace_whitespace=False, drop_whitespace=True
    )
    return pieces or [""]
