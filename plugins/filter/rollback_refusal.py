# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.rollback_refusal."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollback_refusal
short_description: Say why a stage cannot go back to a release, and what to do in which order
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - A release that ran beside queues needs them again. Hosts come first, then the Python, then the release.
options:
  _input:
    description: The release, as M(carpentries.amy.release_state) returns it.
    type: dict
    required: true
  kinds:
    description: The kinds of hosts that the stage is to have.
    type: list
    elements: str
    required: true
  stage:
    description: The stage's name.
    type: str
    required: true
  python:
    description: What M(carpentries.amy.release_source) says of the stage's Python, where it was asked.
    type: dict
"""

EXAMPLES = r"""
- name: Require the hosts that it needs
  ansible.builtin.assert:
    that: refusal == ''
    fail_msg: "{{ refusal }}"
  vars:
    refusal: "{{ previous | carpentries.amy.rollback_refusal(kinds=stage_duties.kinds, stage=stage) }}"
"""

RETURN = r"""
_value:
  description: The sentence and the steps, one a line; empty if the stage can go back.
  type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._deploy import rollback


def rollback_refusal(
    record: Mapping[str, Any], *, kinds: Sequence[str], stage: str, python: Mapping[str, Any] | None = None
) -> str:
    """Return it."""
    said: str = rollback.refusal(record, kinds=kinds, python=python, stage=stage)
    return said


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"rollback_refusal": rollback_refusal}
