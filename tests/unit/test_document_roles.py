# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from scripts.document_roles import BEGIN, END, ReadmeError, documented, table

OPTIONS: dict[str, dict[str, Any]] = {
    "web_domain": {"type": "str", "required": True, "description": "The domain."},
    "web_ports": {
        "type": "list",
        "elements": "int",
        "default": [80, 443],
        "description": ["Ports.", "See O(web_domain)."],
    },
    "web_mode": {"default": "a", "choices": ["a", "b"], "description": "This | that."},
}


@pytest.mark.parametrize(
    "row",
    [
        "| `web_domain` | str | **required** | The domain. |",
        "| `web_ports` | list of int | `[80, 443]` | Ports. See `web_domain`. |",
        r"| `web_mode` | str | `a` | This \| that. One of `a`, `b`. |",
    ],
)
def test_a_row_tells_type_default_and_meaning(row: str) -> None:
    assert row in table(OPTIONS).splitlines()


def test_a_role_without_variables_says_so() -> None:
    assert table({}) == "This role has no variables."


def test_prose_around_the_table_stays_and_writing_twice_changes_nothing() -> None:
    once = documented(f"# web\n\n{BEGIN}\nold\n{END}\n\nMore.\n", OPTIONS)
    assert once.startswith("# web\n\n")
    assert once.endswith("\n\nMore.\n")
    assert "old" not in once
    assert documented(once, OPTIONS) == once


@pytest.mark.parametrize("readme", ["# web\n", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_readme_without_a_place_is_refused(readme: str) -> None:
    with pytest.raises(ReadmeError):
        documented(readme, OPTIONS)
