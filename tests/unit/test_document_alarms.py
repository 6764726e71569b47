# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators' page on alarms says what the code does."""

from __future__ import annotations

import pytest

from scripts.document_alarms import PAGE, documented
from scripts.generated import PlaceError


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == documented(page), "run: make document"


def test_a_page_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(PlaceError, match="<!-- alarms -->"):
        documented("# Alarms\n")
