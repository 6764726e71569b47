# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_can_return."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_can_return
short_description: Tell whether the release before can serve again if a deploy fails
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - It cannot if it could not live with what the database is, or may have become.
options:
  _input:
    description: Id of the release before; null at the first deploy.
    type: str
    required: true
  choice:
    description: What P(carpentries.amy.deploy_strategy#filter) has chosen; null if the deploy has not come to that.
    type: dict
    required: true
  migrated:
    description:
      - Whether the database has migrations that the release before does not know.
      - Null if the deploy has not come to that.
    type: bool
    required: true
  ahead:
    description: Whether it had such migrations before the deploy.
    type: bool
    required: true
  found_closed:
    description: Whether a deploy that died had closed the site.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Find out whether there is a way back
  ansible.builtin.set_fact:
    can_return: >-
      {{ 'v1-0a1b2c3d4e5f-01234567' | carpentries.amy.deploy_can_return(
           choice={'strategy': 'hold', 'breaking': true}, migrated=none, ahead=false, found_closed=false) }}
"""

RETURN = r"""
_value:
  description: Whether it can.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.deploy_return import can_return


def deploy_can_return(
    previous: str | None,
    *,
    choice: dict[str, Any] | None,
    migrated: bool | None,
    ahead: bool,
    found_closed: bool,
) -> bool:
    """Return whether it can; the arguments are those of the function in module_utils."""
    chosen: dict[str, Any] = choice or {"strategy": None, "breaking": False}
    result: bool = can_return(
        previous,
        strategy=chosen["strategy"],
        breaking=chosen["breaking"],
        migrated=migrated,
        ahead=ahead,
        found_closed=found_closed,
    )
    return result


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_can_return": deploy_can_return}
