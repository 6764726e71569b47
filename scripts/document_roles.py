# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the variable table of each role's README from its meta/argument_specs.yml, the only description of a variable.

With `--check` nothing is written; the exit code is 1 when a table is not what it should be.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
BEGIN = "<!-- variables -->"
END = "<!-- /variables -->"
# Ansible's semantic markup: O(option), V(value), C(code), M(module), E(environment variable), RV(return value).
_MARKUP = re.compile(r"\b(?:O|V|C|M|E|RV)\(([^)]*)\)")


class ReadmeError(Exception):
    """A role's README has no place for the table."""


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


def documented(readme: str, options: dict[str, dict[str, Any]]) -> str:
    """`readme` with the table of `options` between its markers. Raises ReadmeError."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ReadmeError(f"it must hold a line {BEGIN} and, after that, a line {END}")
    return f"{before}{BEGIN}\n\n{table(options)}\n\n{END}{after}"


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


def main(arguments: Sequence[str]) -> int:
    """Write or check every role's README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a table is not up to date")
    check = parser.parse_args(arguments).check
    complaints = []
    for role in sorted(path.parent.parent for path in ROLES.glob("*/meta/argument_specs.yml")):
        readme = role / "README.md"
        try:
            old = readme.read_text(encoding="utf-8")
            new = documented(old, read_options(role))
        except (OSError, ReadmeError) as error:
            complaints.append(f"{readme}: {error}")
            continue
        if old == new:
            continue
        if check:
            complaints.append(f"{readme}: its table is not that of meta/argument_specs.yml; run: make document")
        else:
            readme.write_text(new, encoding="utf-8")
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
