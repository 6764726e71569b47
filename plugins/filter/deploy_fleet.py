# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_fleet."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_fleet
short_description: Tell which hosts of a deploy have the new release, and which go back
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - After a failure the fleet goes back, with the hosts that a deploy which died had given the new release.
options:
  _input:
    description:
      - The variables of the application's hosts. Of each it reads C(inventory_hostname), what
        M(carpentries.amy.release_state) says (C(check_host)), C(deploy_has_new_release) and C(deploy_failure).
    type: list
    elements: dict
    required: true
  plan:
    description: What P(carpentries.amy.deploy_plan#filter) says.
    type: dict
    required: true
  web:
    description: Names of the web hosts.
    type: list
    elements: str
    required: true
  release:
    description: Id of the new release.
    type: str
    required: true
  chosen:
    description: Whether the deploy has compared the migrations of both releases with the database.
    type: bool
    required: true
  returns:
    description: Whether the deploy has failed, and the fleet goes back to the release before.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Find out which hosts go back
  ansible.builtin.set_fact:
    fleet: >-
      {{ groups.application | map('extract', hostvars)
         | carpentries.amy.deploy_fleet(plan=deploy_plan, web=groups.web, release='v2-0a1b2c3d4e5f-01234567',
                                        chosen=true, returns=true) }}
"""

RETURN = r"""
_value:
  description: Names of hosts.
  type: dict
  contains:
    changed:
      description: They have the new release, and go back with the fleet. A deploy that died may have given it to them.
      type: list
      elements: str
    serving: {description: Web hosts that have proved it in this deploy., type: list, elements: str}
    untried:
      description: Hosts that had to change and run what they ran, or what a deploy that died has left there.
      type: list
      elements: str
    withdrawn:
      description: They never had the release that the fleet goes back to, and run none again.
      type: list
      elements: str
    keeping: {description: "They had the new release before this deploy, and keep it.", type: list, elements: str}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils import deploy_fleet as fleets


def deploy_fleet(
    hosts: Iterable[Mapping[str, Any]],
    *,
    plan: Mapping[str, Any],
    web: Sequence[str],
    release: str,
    chosen: bool,
    returns: bool,
) -> dict[str, list[str]]:
    """Return where the hosts stand; the arguments are those of the function in module_utils."""
    described = [
        fleets.Host(
            name=host["inventory_hostname"],
            is_web=host["inventory_hostname"] in web,
            staged=host.get("check_host", {}).get("staged", []),
            has_release="deploy_has_new_release" in host,
            failed="deploy_failure" in host,
        )
        for host in hosts
    ]
    return asdict(fleets.deploy_fleet(described, plan=plan, release=release, chosen=chosen, returns=returns))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_fleet": deploy_fleet}
