# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.restore_ending."""

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_ending
short_description: Tell whether the release that runs fits a restored database, and what to run next
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Where it does not fit, no job may run on its workers, and the site stays closed until the release that fits is
    deployed.
options:
  _input:
    description: What M(carpentries.amy.release_state) says of the host that has restored it.
    type: dict
    required: true
  made_under:
    description: Id of the release that ran when the backup was made; empty if the backup does not say so.
    type: str
    required: true
  migrations:
    description:
      - C(pending) and C(newer) of the release that runs, as M(carpentries.amy.release_migrations_info) tells
        them; null if none runs.
    type: dict
    required: true
  before:
    description:
      - The same of the database that was there before the restore. The release that runs lived with its C(newer).
      - Where C(unread) says why the release could not read it, nothing counts as known before. Null if none runs.
    type: dict
  stage:
    description: The stage, for the commands.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Decide how the restore ends
  ansible.builtin.set_fact:
    ending: >-
      {{ state | carpentries.amy.restore_ending(made_under='v1-0a1b2c3d4e5f-01234567', migrations=told,
                                                stage='production') }}
"""

RETURN = r"""
_value:
  description: The ending.
  type: dict
  contains:
    fits: {description: Whether the queues may be resumed., type: bool}
    next_step: {description: "What to run next, and why.", type: str}
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils import restore_ending as module


def restore_ending(
    state: dict[str, Any],
    *,
    made_under: str,
    migrations: dict[str, Any] | None,
    stage: str,
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the ending as a dict; see RETURN."""
    told = migrations or {"pending": [], "newer": []}
    said = before or {}
    ending = module.restore_ending(
        state["active"] and state["active"]["id"],
        previous=state["previous"] and state["previous"]["id"],
        made_under=made_under,
        pending=told["pending"],
        newer=told["newer"],
        lived_with=said.get("newer", []),
        unread=said.get("unread", ""),
        versions={record["id"]: record["ref"] for record in (state["active"], state["previous"]) if record},
        stage=stage,
    )
    return asdict(ending)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"restore_ending": restore_ending}
