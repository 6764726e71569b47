# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that `make lint` refuses: in prose and in names, at any case, and not as a part of another word."""

from __future__ import annotations

import pytest

from scripts.words import findings


# A | cuts the words here, so that this file passes.
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No|body reads it", ["No|body"]),
        ("who|mever, some|body's", ["who|mever", "some|body"]),
        ("def test_any|body_reads_it()", ["any|body"]),
        ("started a|new", ["a|new"]),
        ("Let the queues g|o", ["Let the queues g|o"]),
        ("lead visitors pas|t the host", ["lead visitors pas|t"]),
        ("Let the workers go on. The latest renewal is the smallest.", []),
    ],
)
def test_words_are_found(text: str, found: list[str]) -> None:
    assert [word for _, word, _ in findings(text.replace("|", ""))] == [word.replace("|", "") for word in found]


def test_a_finding_has_its_line_and_what_to_write() -> None:
    ((number, _, instead),) = findings("one\nle|st two\n".replace("|", ""))
    assert (number, instead) == (2, "so that it does not, or otherwise")
