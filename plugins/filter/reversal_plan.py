# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.reversal_plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: reversal_plan
short_description: Plan which migrations are reversed for an older release, and which stay
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - What the older release does not know is reversed. An application that it does not have stays, unless one of its
    migrations changes a table that the older release has, or depends on a migration that is reversed.
options:
  _input:
    description: What the running release has applied, as RV(carpentries.amy.release_migrations_info#module:graph).
    type: list
    elements: dict
    required: true
  known:
    description: The migrations that the older release knows.
    type: list
    elements: str
    required: true
  statements:
    description: SQL of each applied migration that the older release lacks; null where it cannot be told.
    type: dict
    required: true
  tables:
    description: The tables of the older release's models.
    type: list
    elements: str
    required: true
  older:
    description: Id of the older release.
    type: str
    required: true
  newer:
    description: Id of the running release.
    type: str
    required: true
  stage:
    description: The stage, for the command that a refusal names.
    type: str
    required: true
  backups:
    description:
      - The backups of the database. C(host) has them in C(folder).
      - C(made) are those that are known, the newest first, each with C(name) and its last C(migrations) by application.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Plan the reversal
  ansible.builtin.set_fact:
    plan: >-
      {{ newer.graph | carpentries.amy.reversal_plan(
           known=older.known, statements=newer.statements, tables=older.tables, older='v1-0a1b2c3d4e5f-01234567',
           newer='v2-0123456789ab-89abcdef', stage='production',
           backups={'host': 'utility1', 'folder': '/var/backups/amy-database', 'made': database_backup_listed}) }}
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    reverse: {description: "The migrations to reverse, in this order.", type: list, elements: str}
    stays: {description: A line for each application that stays., type: list, elements: str}
    refusal: {description: "What cannot be reversed, and what to do instead; or null.", type: str}
    way_back: {description: "Which backup is of the time before, and the command that restores it.", type: str}
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.reversal import Applied, Backups, plan


def reversal_plan(graph: list[dict[str, Any]], *, backups: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the plan as a dict; the options are those of the function in module_utils."""
    applied = [Applied(**dict(migration)) for migration in graph]
    return asdict(plan(graph=applied, backups=Backups(**backups), **options))  # pylint: disable=missing-kwoa


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"reversal_plan": reversal_plan}
