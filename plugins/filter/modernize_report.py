# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.modernize_report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: modernize_report
short_description: Say where the move from the one old server to the fleet stands
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Tells of each phase whether it is done, what it does, how to look at its outcome and how to go back, and names the
    next command.
options:
  _input:
    description: The phases that are marked as done on the old server.
    type: list
    elements: str
    required: true
  read:
    description: Whether the findings on the old server are in the stage's inventory.
    type: bool
    required: true
  stage:
    description: The stage's name.
    type: str
    required: true
  domain:
    description: The site's name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say where the move stands
  ansible.builtin.debug:
    msg: "{{ marks | carpentries.amy.modernize_report(read=true, stage='production', domain='amy.example.org') }}"
"""

RETURN = r"""
_value:
  description: A line for each phase, and the next command.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.modernize import report


def modernize_report(done: list[str], read: bool, stage: str, domain: str) -> list[str]:
    """See the documentation above."""
    lines: list[str] = report(done, read=read, stage=stage, domain=domain)
    return lines


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"modernize_report": modernize_report}
