# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the roles' variables."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.document_roles import table

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
