# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Regular expressions and timestamp formats as the agent reads them. The agent is a Go program: its expressions are
RE2's, which are Python's without what needs to look back or ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .vocabulary import TIMESTAMP_CODES

# A whole timestamp as the start of an event: the agent puts the format's own expression in its place.
TIMESTAMP_PLACEHOLDER = "{timestamp_format}"
MOST_REPETITIONS = 1000
_TOKEN = re.compile(
    r"(?P<foreign>\\[1-9Z]|\(\?(?:<?[=!]|[>#(]|P=)|[*+?}]\+)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\{(?P<repetitions>\d+(?:,\d*)?)\}|.",
    re.DOTALL,
)
_CODE = re.compile(r"%-?.?", re.DOTALL)


def pattern_problem(pattern: str) -> str | None:
    """Say what is wrong with a regular expression, or None. What RE2 has and Python lacks counts as wrong, too."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}"
    for token in _TOKEN.finditer(pattern):
        if token["foreign"]:
            return f"{pattern!r} has {token['foreign']!r}, which the agent's expressions (RE2) do not know"
        if any(int(count) > MOST_REPETITIONS for count in re.findall(r"\d+", token["repetitions"] or "")):
            return f"{pattern!r} repeats more than {MOST_REPETITIONS} times, which the agent's expressions (RE2) refuse"
    return None


def timestamp_problem(timestamp_format: str) -> str | None:
    """Say what is wrong with a timestamp format, or None."""
    codes = _CODE.findall(timestamp_format)
    unknown = [code for code in codes if code not in TIMESTAMP_CODES]
    if unknown:
        return f"{timestamp_format!r} has {unknown[0]!r}, which the agent does not know; it knows {_known()}"
    if not codes:
        return f"{timestamp_format!r} has no part of a time in it; the agent knows {_known()}"
    return None


def timestamp_pattern(timestamp_format: str) -> str:
    """Return the regular expression that finds a timestamp of a format without problems."""
    return "".join(_parts(timestamp_format))


def _parts(timestamp_format: str) -> Iterator[str]:
    position = 0
    for code in _CODE.finditer(timestamp_format):
        yield re.escape(timestamp_format[position : code.start()])
        yield TIMESTAMP_CODES[code[0]]
        position = code.end()
    yield re.escape(timestamp_format[position:])


def _known() -> str:
    return " ".join(sorted(TIMESTAMP_CODES))
