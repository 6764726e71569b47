# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the variable table of each role's README from its meta/argument_specs.yml, the only description of a variable.

With `--check` nothing is written; the exit code is 1 when a table is not what it should be.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from scripts.generated import filled, keep

ROLES = Path(__file__).resolve().parent.parent / "roles"
# Ansible's semantic markup: O(option), V(value), C(code), M(module), E(environment variable), RV(return value).
_MARKUP = re.compile(r"\b(?:O|V|C|M|E|RV)\(([^)]*)\)")


def read_options(role: Path) -> dict[str, dict[str, Any]]:
    """Every public variable of a role, in the order of its entry points; what several share is named once."""
    specification = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, dict[str, Any]] = {}
    for entry_point in specification["argument_specs"].values():
        for name, option in (entry_point.get("options") or {}).items():
            options.setdefault(name, option)
    return options


def table(options: dict[str, dict[str, Any]]) -> str:
    """`options` as a Markdown table."""
    if not options:
        return "This role has no variables."
    rows = [
        f"| `{name}` | {_type(option)} | {_default(option)} | {_text(option)} |" for name, option in options.items()
    ]
    return "\n".join(["| variable | type | default | meaning |", "|---|---|---|---|", *rows])


def documented(readme: str, *, role: Path) -> str:
    """`readme` with the table of a role's variables in its place. Raises PlaceError."""
    return filled(readme, place="variables", text=table(read_options(role)))


def _type(option: dict[str, Any]) -> str:
    kind = option.get("type", "str")
    return f"list of {option['elements']}" if kind == "list" and "elements" in option else str(kind)


def _default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    if option.get("default") is None:
        return ""
    text = yaml.safe_dump(option["default"], default_flow_style=True, width=10_000, sort_keys=False)
    return f"`{_cell(text.removesuffix('...' + chr(10)))}`"


def _text(option: dict[str, Any]) -> str:
    description = option.get("description", "")
    sentences = description if isinstance(description, list) else [description]
    text = _MARKUP.sub(r"`\1`", _cell(" ".join(sentences)))
    if "choices" not in option:
        return text
    return f"{text} One of {', '.join(f'`{choice}`' for choice in option['choices'])}."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    roles = sorted(path.parent.parent for path in ROLES.glob("*/meta/argument_specs.yml"))
    pages = {role / "README.md": partial(documented, role=role) for role in roles}
    sys.exit(keep(pages, sys.argv[1:], description=__doc__))
