# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.reversal_losses."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reversal_losses
short_description: Say what is lost when migrations are reversed
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Adds up the rows and values that a rehearsal of the reversal has lost, table by table and column by column.
options:
  _input:
    description: What the reversal has done on a copy, as RV(carpentries.amy.release_migrate#module:evidence).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say what is lost
  ansible.builtin.debug:
    msg: "{{ rehearsal.evidence | carpentries.amy.reversal_losses }}"
"""

RETURN = r"""
_value:
  description: A line for each migration.
  type: list
  elements: str
  sample: ["emails.0001_initial: 97 values of emails.sender are lost"]
"""

from collections.abc import Callable
from typing import Any


def reversal_losses(evidence: list[dict[str, Any]]) -> list[str]:
    """Return a line for each reversed migration: the rows of dropped tables, the values of dropped columns."""
    return [f"{migration['name']}: {_losses(migration['lost'])}" for migration in evidence]


def _losses(lost: dict[str, int]) -> str:
    losses = [
        f"{count} {'values' if '.' in name else 'rows'} of {name} are lost" for name, count in lost.items() if count
    ]
    return ", ".join(losses) or "no row and no value is lost"


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"reversal_losses": reversal_losses}
