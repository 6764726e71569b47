# SPDX-License-Identifier: GPL-3.0-or-later
"""Print one page with the variables of every role, as Markdown, from their meta/argument_specs.yml."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.document_roles import ROLES, read_options, table

INTRODUCTION = """\
# All variables

What a stage may choose, role by role. A value belongs in `inventories/<stage>/group_vars/all/`; what one role is told
of another is in `playbooks/vars/wiring.yml`, and need not be chosen.
"""


def page(roles: Path) -> str:
    """The page on all roles in the folder `roles`."""
    sections = [
        f"## {specification.parent.parent.name}\n\n{table(read_options(specification.parent.parent))}\n"
        for specification in sorted(roles.glob("*/meta/argument_specs.yml"))
    ]
    return "\n".join([INTRODUCTION, *sections])


if __name__ == "__main__":
    sys.stdout.write(page(ROLES))
