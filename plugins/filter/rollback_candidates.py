# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters of a rollback."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollback_candidates
short_description: Tell to which releases the hosts of a stage would go back
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - That is the release that each ran before; or that of a rollback that was cut off, as long as its deploy lock is
    there.
options:
  _input:
    description: What M(carpentries.amy.release_state) says of each host.
    type: list
    elements: dict
    required: true
  lock:
    description: The deploy lock, as M(carpentries.amy.deploy_lock_info) says. None if it is free.
    type: dict
  claim:
    description: What M(carpentries.amy.deploy_lock_info) says of it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Choose the release
  ansible.builtin.set_fact:
    candidates: "{{ states | carpentries.amy.rollback_candidates(lock=found.lock, claim=found.claim) }}"
"""

RETURN = r"""
_value:
  description:
    - Releases, as RV(carpentries.amy.release_state#module:previous). Of one id, unless the hosts ran different ones.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._deploy.rollback import candidates, other_python


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"rollback_candidates": candidates, "other_python": other_python}
