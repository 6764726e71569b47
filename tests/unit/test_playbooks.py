# SPDX-License-Identifier: GPL-3.0-or-later
"""What is easily written wrong in YAML, and seen by operators only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.yml"))
BLOCK = re.compile(r"^( *)(?:- )?\w+: [|>][-+]?\n((?:\1 +.*\n|\n)+)", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_of_text_has_an_escaped_line_end(path: Path) -> None:
    """Within a block YAML escapes nothing, and Ansible leaves Jinja's strings as they are: it would be shown."""
    for _indent, block in BLOCK.findall(path.read_text(encoding="utf-8")):
        assert "'\\n'" not in block


def test_every_fact_that_is_read_of_a_host_is_set_somewhere() -> None:
    """One that is never set is undefined for good, which `default` hides."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    read = set(re.findall(r"hostvars(?:\[\w+\]|\.localhost)\.(\w+)", text))
    written = set(re.findall(r"^ +(?:register: )?(\w+)(?::.*)?$", text, re.MULTILINE))
    assert read
    assert read <= written | {"inventory_hostname"}
