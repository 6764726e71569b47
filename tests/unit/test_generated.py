# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of which a part is written from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.generated import PlaceError, filled, keep


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text("# web\n\n<!-- table -->\nold\n<!-- /table -->\n\nMore.\n", encoding="utf-8")
    return path


def written(text: str) -> str:
    return filled(text, place="table", text="new")


def test_prose_around_the_place_stays_and_writing_twice_changes_nothing(page: Path) -> None:
    once = written(page.read_text(encoding="utf-8"))
    assert once == "# web\n\n<!-- table -->\n\nnew\n\n<!-- /table -->\n\nMore.\n"
    assert written(once) == once


@pytest.mark.parametrize("text", ["# web\n", "<!-- table -->\n", "<!-- /table -->\n<!-- table -->\n"])
def test_a_page_without_a_place_is_refused(text: str) -> None:
    with pytest.raises(PlaceError, match="<!-- table -->"):
        written(text)


def test_a_page_is_written_and_then_well(page: Path) -> None:
    assert keep({page: written}, [], description=None) == 0
    assert "new" in page.read_text(encoding="utf-8")
    assert keep({page: written}, ["--check"], description=None) == 0


def test_a_check_complains_and_writes_nothing(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = page.read_text(encoding="utf-8")
    assert keep({page: written}, ["--check"], description=None) == 1
    assert page.read_text(encoding="utf-8") == before
    assert "run: make document" in capsys.readouterr().err


def test_a_page_that_is_not_there_is_a_complaint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keep({tmp_path / "none.md": written}, [], description=None) == 1
    assert "none.md" in capsys.readouterr().err
