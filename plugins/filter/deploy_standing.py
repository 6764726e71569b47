# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_standing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_standing
short_description: Tell where a deploy stands, from what its phases have noted
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Tells which hosts the next steps concern, whether the deploy goes on, goes back or goes forward after a failure,
    and how it has ended.
  - The plays of a deploy read this value, and decide nothing themselves.
options:
  _input:
    description: The fact C(deploy) of the controller.
    type: dict
    required: true
    suboptions:
      release:
        description: Id of the new release.
        type: str
      ref:
        description: What it is deployed as.
        type: str
      version:
        description: What it calls itself, where that is no tag.
        type: str
      plan:
        description: What P(carpentries.amy.deploy_plan#filter) says. Before, a deploy concerns no host.
        type: dict
      choice:
        description: What P(carpentries.amy.deploy_strategy#filter) has chosen; null before.
        type: dict
      migrations:
        description: How both releases and the database differ; null before it was compared.
        type: dict
      migrating:
        description: Whether the commands that migrate have been begun.
        type: bool
        default: false
      applied:
        description: The migrations that they have applied; null before they have ended.
        type: list
        elements: str
      lacks:
        description: Migrations that the database lacks of the release, though that ran already.
        type: list
        elements: str
        default: []
      backup:
        description: Name of the backup that the deploy has made.
        type: str
        default: ""
      backups:
        description: The folder of backups.
        type: str
        default: ""
      absent:
        description: Web hosts that are not healthy at the end.
        type: list
        elements: str
        default: []
      target_group:
        description: Where they are not.
        type: str
        default: ""
      hooks:
        description: The stage's own steps, by point (C(deploy_hooks)).
        type: dict
        default: {}
      dry:
        description: Whether the release is on no host, because this is a dry run.
        type: bool
        default: false
      unfit:
        description: Releases that the database is not known to fit, as P(carpentries.amy.deploy_recovery#filter) says.
        type: list
        elements: str
        default: []
      own_programs:
        description: Whether the stage has programs or timers of its own.
        type: bool
        default: false
      command:
        description: What was run, as V(make deploy) or V(make rollback).
        type: str
      typed:
        description: What the command was given besides; see P(carpentries.amy.typed_command#filter).
        type: dict
        default: {}
      stage:
        description: Name of the stage.
        type: str
      url:
        description: The site's address.
        type: str
  hosts:
    description: Names of the hosts of the application.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variables of all hosts. Those of the hosts and of V(localhost) have the fact C(deploy_host).
    type: dict
    required: true
    suboptions:
      deploy_host:
        description: What is noted of the host.
        type: dict
        suboptions:
          name:
            description: Name of the host.
            type: str
            required: true
          role:
            description: Its kind.
            type: str
          staged:
            description: Ids of the releases that it had at the beginning.
            type: list
            elements: str
            default: []
          page:
            description: Whether it showed the maintenance page then.
            type: bool
            default: false
          closed:
            description: Whether a deploy that died had put the page there.
            type: bool
            default: false
          has_release:
            description: Whether this deploy has given it the new release.
            type: bool
            default: false
          paused:
            description: Whether it has stopped its own programs and timers.
            type: bool
            default: false
          stopped:
            description: Whether it has stopped workers or a scheduler that are about to leave.
            type: bool
            default: false
          answer:
            description: What it answers the requests with that have waited.
            type: dict
          failures:
            description:
              - Steps that have failed on it, each with C(host), C(step), C(message), and what a migration has
                C(applied).
            type: list
            elements: dict
            default: []
          stranded:
            description: Steps of its way back that have failed.
            type: list
            elements: dict
            default: []
          still_closed:
            description: Steps that should have opened it to visitors, and have failed.
            type: list
            elements: dict
            default: []
          unpaused:
            description: Steps that should have paused the queues for the way back, and have failed.
            type: list
            elements: dict
            default: []
"""

EXAMPLES = r"""
- name: Put the new release on the host
  ansible.builtin.include_tasks: put_release_on_other_host.yml
  when: standing.go_on
  vars:
    standing: "{{ deploy | carpentries.amy.deploy_standing(groups.application, hostvars) }}"
"""

RETURN = r"""
_value:
  description: Where the deploy stands. Lists hold names of hosts.
  type: dict
  contains:
    turns:
      description: Which hosts each play concerns, now.
      type: dict
      contains:
        migrator: {description: The host that backs up and migrates., type: list, elements: str}
        rejoin: {description: Web hosts that are out of rotation., type: list, elements: str}
        roll: {description: The other web hosts that change., type: list, elements: str}
        change: {description: The other hosts that change., type: list, elements: str}
        pause_programs: {description: Hosts whose own programs and timers stop meanwhile., type: list, elements: str}
        resume_programs: {description: Those that start theirs without another release., type: list, elements: str}
        keeper: {description: The host that pauses and resumes the queues., type: list, elements: str}
        outgrown:
          description: Workers and schedulers about to leave, which cannot live with what the database has become.
          type: list
          elements: str
        roll_back_web: {description: Web hosts that go back., type: list, elements: str}
        roll_back_others: {description: The other hosts that go back., type: list, elements: str}
        roll_back_keeper: {description: The host that pauses the queues for that., type: list, elements: str}
        settle_queues: {description: "The host that resumes them after a failure, or not.", type: list, elements: str}
        restart_programs:
          description: Hosts that start their own programs and timers again after a failure, on the release they had.
          type: list
          elements: str
        forget_programs: {description: Hosts about to leave that run none of them again., type: list, elements: str}
    hooks:
      description: The host that runs the stage's own steps, by point; none where the deploy does not come to that.
      type: dict
    strategy: {description: "V(rolling) before one is chosen.", type: str}
    go_on: {description: Whether nothing has failed., type: bool}
    failures: {description: What has failed., type: list, elements: str}
    failed: {description: Hosts on which something has failed., type: list, elements: str}
    can_roll_back: {description: Whether the release before can live with the database., type: bool}
    rolls_forward: {description: "Whether the deploy goes on without the hosts that failed.", type: bool}
    halted: {description: "Whether it has failed, and does not.", type: bool}
    closes_site: {description: Whether visitors get the maintenance page meanwhile., type: bool}
    pauses_requests: {description: Whether they wait meanwhile., type: bool}
    runs_commands: {description: Whether the commands of the release run., type: bool}
    closed: {description: Web hosts that show the maintenance page., type: list, elements: str}
    closed_by_operator: {description: Those for which an operator has put it on., type: list, elements: str}
    serving: {description: Web hosts that have proved the release in this deploy., type: list, elements: str}
    untried: {description: Hosts that had to change and run what they ran., type: list, elements: str}
    keeping: {description: "Hosts that had the release before this deploy, and keep it.", type: list, elements: str}
    stranded: {description: Hosts that could not go back., type: list, elements: str}
    withdrawn: {description: "Hosts that never had the release before, and run none again.", type: list, elements: str}
    to_deregister: {description: Web hosts that run no release while others serve., type: list, elements: str}
    to_open: {description: Web hosts to which visitors may come at the end., type: list, elements: str}
    queues_paused: {description: Whether no job runs while workers go back., type: bool}
    keeps_queues_paused: {description: Whether the queues stay paused after the deploy., type: bool}
    answer:
      description: The release that answers requests that have waited, and whether the database allows it.
      type: dict
    absences: {description: Why web hosts do not serve., type: list, elements: str}
    outcome:
      description:
        - The C(result) (V(succeeded), V(refused), V(rolled_back) or V(failed)), the C(headline), the C(next_step), and
          the C(verdict) that hosts remember of the release.
      type: dict
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._deploy.hooks import hooks_complaint
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.standing import deploy_of, host_of, standing


def deploy_standing(
    deploy: Mapping[str, Any], hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return where the deploy stands, by the facts of `hosts` (names) and of the controller."""
    known = [hostvars[name] for name in (*hosts, "localhost") if name in hostvars]
    noted = [host_of(host["deploy_host"]) for host in known if "deploy_host" in host]
    return asdict(standing(deploy_of(deploy), noted))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_standing": deploy_standing, "hooks_complaint": hooks_complaint}
