# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.stage_status."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stage_status
short_description: Say what runs where on a stage, and what of it needs a hand
version_added: 0.2.0
author: The carpentries.amy contributors (@carpentries)
description:
  - Puts together what the hosts, the load balancer, the queues, the lock and the newest backup have answered.
  - Whatever is not as it should be is a finding, with the command to run.
positional: _input, stage
options:
  _input:
    description: The variables of the application's hosts.
    type: list
    elements: dict
    required: true
    suboptions:
      inventory_hostname: {description: Name of the host., type: str, required: true}
      ec2_instance_id: {description: Id of its instance., type: str, required: true}
      ec2_tags: {description: Tags of its instance; C(Role) is used., type: dict, required: true}
      status_host: {description: What M(carpentries.amy.release_state) has returned., type: dict, required: true}
  stage:
    description: Name of the stage.
    type: str
    required: true
  targets:
    description: What M(carpentries.amy.alb_targets_info) has returned as C(targets).
    type: list
    elements: dict
    required: true
  queues:
    description: What M(carpentries.amy.rq_queue_state) has returned; none on a stage without background jobs.
    type: dict
  backup:
    description: What C(amy-database check) has returned, with C(rc), C(stdout) and C(stderr).
    type: dict
    required: true
  redis_backup:
    description: What C(amy-redis check) has returned, as for O(backup); none on a stage without Redis.
    type: dict
  lock:
    description: What M(carpentries.amy.deploy_lock_info) has returned.
    type: dict
    required: true
  balancer_page:
    description: What M(carpentries.amy.alb_maintenance) has returned.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Require that all is well
  ansible.builtin.assert:
    that: (hosts | carpentries.amy.stage_status('production', **found)).findings | length == 0
"""

RETURN = r"""
_value:
  description: The status.
  type: dict
  contains:
    lines: {description: The stage as a table., type: list, elements: str}
    findings:
      description: What needs a hand (C(what)), and the command to run next (C(run)).
      type: list
      elements: dict
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.stage_status import Host, Stage, findings, lines

SILENT = "its host does not answer"


def stage_status(
    hosts: list[dict[str, Any]],
    stage: str,
    *,
    targets: list[dict[str, Any]],
    backup: dict[str, Any],
    lock: dict[str, Any],
    balancer_page: dict[str, Any],
    queues: dict[str, Any] | None = None,
    redis_backup: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the table and the findings; see RETURN."""
    states = {target["id"]: target["state"] for target in targets}
    found = Stage(
        name=stage,
        hosts=[_host(host, states) for host in hosts],
        queues=queues if queues and "workers" in queues else None,
        backup=_backup(backup),
        redis_backup=_backup(redis_backup),
        lock=lock["lock"],
        lock_is_abandoned=lock["claim"] in ("expired", "dead"),
        balancer_page=balancer_page["mode"] == "on",
        errors={
            name: _error(answer)
            for name, answer in (("queues", queues), ("backup", backup), ("redis_backup", redis_backup))
            if answer is not None and answer.get("rc") != 0 and "workers" not in answer
        },
    )
    return {"lines": lines(found), "findings": [asdict(finding) for finding in findings(found)]}


def _backup(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    return json.loads(answer["stdout"]) if answer and answer.get("rc") == 0 else None


def _error(answer: dict[str, Any]) -> str:
    return str(answer.get("stderr") or answer.get("msg") or SILENT).strip()


def _host(variables: dict[str, Any], states: dict[str, str]) -> Host:
    state = variables["status_host"]
    return Host(
        name=variables["inventory_hostname"],
        role=variables["ec2_tags"]["Role"],
        state=state if "free_bytes" in state else None,
        target_state=states.get(variables["ec2_instance_id"]),
    )


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"stage_status": stage_status}
