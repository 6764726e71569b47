# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from plugins.plugin_utils._progress_model import Kind, Note
from plugins.plugin_utils._progress_text import lines_of

LONG = Note(Kind.FAILURE, "web1: Prove", ("GET /version/ answered 500\nRun: make logs STAGE=production HOST=web1",))


def test_a_pipe_gets_each_line_whole() -> None:
    assert lines_of(LONG) == [
        "         FAILED  web1: Prove",
        "             GET /version/ answered 500",
        "             Run: make logs STAGE=production HOST=web1",
    ]


def test_a_terminal_gets_them_broken_between_words() -> None:
    assert lines_of(LONG, width=40) == [
        "         FAILED  web1: Prove",
        "             GET /version/ answered 500",
        "             Run: make logs",
        "               STAGE=production",
        "               HOST=web1",
    ]


@pytest.mark.parametrize(
    ("note", "lines"),
    [
        (Note(Kind.PHASE, "   0:05  Roll"), ["   0:05  Roll"]),
        (Note(Kind.CHANGE, "Do it: web1"), ["         changed  Do it: web1"]),
        (Note(Kind.EVENT, "web1 has v2"), ["         web1 has v2"]),
        (Note(Kind.IGNORED, "web1: Do it"), ["         ignored  web1: Do it"]),
        (Note(Kind.MESSAGE, "", ("one", "", "two")), ["         one", "", "         two"]),
        (Note(Kind.MESSAGE, "web1: Do it", ("-old",)), ["         web1: Do it", "             -old"]),
    ],
)
def test_each_kind_has_its_looks(note: Note, lines: list[str]) -> None:
    assert lines_of(note) == lines
    assert lines_of(note, width=80) == lines


def test_colours_are_not_broken() -> None:
    line = "\x1b[32m+" + "word " * 30 + "\x1b[0m"
    assert lines_of(Note(Kind.MESSAGE, "", (line,)), width=40) == ["         " + line]
