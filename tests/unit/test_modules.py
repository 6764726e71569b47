# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says of itself, beyond what ansible-test asks for."""

from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

PLUGINS = Path(__file__).parents[2] / "plugins"
MODULES = sorted((PLUGINS / "modules").glob("*.py"))


def documentation(path: Path) -> dict[str, Any]:
    """Return the DOCUMENTATION of a module or of a fragment."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            documented: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return documented
    msg = f"{path} has no DOCUMENTATION"
    raise AssertionError(msg)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_says_what_check_mode_does(path: Path) -> None:
    own = documentation(path)
    fragments = [
        documentation(PLUGINS / "doc_fragments" / f"{name.rpartition('.')[2]}.py")
        for name in own.get("extends_documentation_fragment", [])
    ]
    assert any("check_mode" in part.get("attributes", {}) for part in (own, *fragments))


def test_what_two_modules_share_is_described_in_a_fragment() -> None:
    options = {path.stem: documentation(path).get("options", {}) for path in MODULES}
    for one, other in combinations(options, 2):
        shared = [name for name in options[one] if name in options[other]]
        alike = [name for name in shared if options[one][name] == options[other][name]]
        # One line twice is shorter than a fragment; what has a structure is not.
        assert len(alike) < 2, (one, other, alike)
        assert not [name for name in shared if all("suboptions" in options[both][name] for both in (one, other))]
