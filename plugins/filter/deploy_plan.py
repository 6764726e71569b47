# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_plan
short_description: Decide which hosts a deploy must touch, and in which order
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Web hosts that are out of rotation come first, because while one is out no other may leave.
  - A host that runs the release, is configured for it and is in rotation is left alone.
  - An update that has replaced on the disk what runs there makes a host change, too.
  - A database that lacks migrations of the release, though that runs already, is migrated, even if no host changes.
  - A pause of the queues by a deploy that runs no more is taken over, and ended.
  - A web host that a deploy that died had closed is never left alone, because it is unknown what runs there.
positional: _input, release
options:
  _input:
    description: What is known of the application's hosts.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the host.
        type: str
        required: true
      role:
        description: Its kind, as P(carpentries.amy.host_kinds#filter) names them.
        type: str
        required: true
      active:
        description: Id of the release it runs, or null.
        type: str
      current:
        description: Whether its programs are configured as they would be now.
        type: bool
        required: true
      target_state:
        description: The load balancer's word on a web host.
        type: str
      closed:
        description: Whether a deploy that died had closed it.
        type: bool
        default: false
      refused:
        description: Whether the release that it runs was refused there.
        type: bool
        default: false
      outdated:
        description: Services that an update has replaced on the disk, and that nothing has restarted since.
        type: list
        elements: str
        default: []
      deploy:
        description: Id of the deploy that has given it the release that it runs; empty if that is not known.
        type: str
        default: ""
      ref:
        description: What the release that it runs was deployed as.
        type: str
        default: ""
      version:
        description: What that release calls itself, where that is no tag.
        type: str
        default: ""
  release:
    description: Id of the wanted release.
    type: str
    required: true
  ref:
    description: What it is deployed as.
    type: str
    default: ""
  queues:
    description: What M(carpentries.amy.rq_queue_state) says. Without it the queues are not paused.
    type: dict
  lacks:
    description: Migrations of the release that the database lacks, if hosts run the release already.
    type: list
    elements: str
    default: []
  dead:
    description: Id of a deploy that died, and whose lock this one takes over.
    type: str
    default: ""
  migrator:
    description: The host that backs up and migrates the database.
    type: str
  keeper:
    description: The host that pauses the queues; null on a stage without queues.
    type: str
  leaving:
    description: Hosts that get no release any more, and that may run programs of the stage's own.
    type: list
    elements: str
    default: []
  working_off:
    description: The workers and schedulers among them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Decide what must change
  ansible.builtin.set_fact:
    plan: "{{ hosts | carpentries.amy.deploy_plan('v2-0a1b2c3d4e5f-01234567') }}"
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
  contains:
    needed: {description: Whether anything must change., type: bool}
    rejoin: {description: Web hosts out of rotation., type: list, elements: str}
    roll: {description: Web hosts in rotation that must change., type: list, elements: str}
    change: {description: The other hosts that must change., type: list, elements: str}
    pause_programs: {description: Hosts whose own programs and timers stop meanwhile., type: list, elements: str}
    resume_programs: {description: Those of them that start theirs without another release., type: list, elements: str}
    pause_queues: {description: Whether the queues are paused meanwhile., type: bool}
    keeper: {description: "The host that pauses them, or null.", type: str}
    working_off: {description: Workers and schedulers that are about to leave., type: list, elements: str}
    migrator: {description: The host that backs up and migrates the database., type: str}
    previous: {description: Id of the release to go back to., type: str}
    previous_ref: {description: What it was deployed as., type: str}
    previous_version: {description: "What it calls itself, where that is no tag.", type: str}
    previous_host: {description: "A host that runs it, or null.", type: str}
    done: {description: Hosts that run the release while others run the one before., type: list, elements: str}
    begun: {description: Those of them to which the dead deploy has given it., type: list, elements: str}
    found_closed: {description: Whether a deploy that died had closed the site., type: bool}
    reasons: {description: 'For each host that must change, for the queues and for the database, why.', type: dict}
"""

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.plan import Host, plan


def deploy_plan(hosts: list[dict[str, Any]], release: str, **known: Any) -> dict[str, Any]:
    """Return the plan for `hosts`, of which facts may say more; the arguments are those of the function plan.

    Raise AnsibleFilterError when a host is not described as the documentation says.
    """
    names = {field.name for field in fields(Host)}
    try:
        described = [Host(**{name: value for name, value in host.items() if name in names}) for host in hosts]
        return asdict(plan(hosts=described, release=release, **known))
    except TypeError as error:
        raise AnsibleFilterError(f"deploy_plan: a host lacks name, role, active or current: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_plan": deploy_plan}
