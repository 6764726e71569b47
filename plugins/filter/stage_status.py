# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.stage_status."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stage_status
short_description: Say what runs where on a stage, and what of it needs a hand
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Puts together what the hosts, the load balancer, the queues, the lock and the newest backup have answered.
  - Whatever is not as it should be is a finding, with the command to run.
positional: _input, stage
options:
  _input:
    description: The variables of the stage's hosts.
    type: list
    elements: dict
    required: true
    suboptions:
      inventory_hostname: {description: Name of the host., type: str, required: true}
      ec2_instance_id: {description: Id of its instance., type: str, required: true}
      ec2_tags: {description: Tags of its instance; C(Role) is used., type: dict, required: true}
      status_host: {description: What M(carpentries.amy.host_status) has returned., type: dict, required: true}
  stage:
    description: Name of the stage.
    type: str
    required: true
  targets:
    description: What M(carpentries.amy.alb_targets_info) has returned as C(targets).
    type: list
    elements: dict
    required: true
  duties:
    description: What P(carpentries.amy.stage_duties#filter) has returned.
    type: dict
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
  schedules:
    description: Whether the stage is to have an rq-scheduler.
    type: bool
    default: true
  balancer_page:
    description: What M(carpentries.amy.alb_maintenance) has returned.
    type: dict
    required: true
  certificate:
    description: What M(carpentries.amy.acm_certificate_info) has returned.
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
    stage: {description: The stage's name., type: str}
    lines: {description: The stage as a table., type: list, elements: str}
    hosts:
      description:
        - Each host's C(name), C(role), C(release), C(target_state), C(target_reason) (why it is not healthy),
          C(running) (processes by their release), C(down) (processes that should run and do not, with their states),
          C(own) (the stage's own C(programs) and C(timers) there, which of them are C(stopped) or C(down), and the
          timers whose last run has C(failed)),
          C(leaves) (whether the stage is to have no such host any more),
          C(paused) (whether requests wait there for a deploy that is to answer them),
          C(outdated) (services that an update has replaced on the disk, and that nothing has restarted since),
          C(free_bytes), C(free_memory), C(maintenance) and C(lacks_shared_files); null where it is not known.
      type: list
      elements: dict
    queues: {description: What was found of the queues; null if nothing was., type: dict}
    backup: {description: The newest backup of the database; null if none could be read., type: dict}
    redis_backup: {description: The newest backup of Redis; null if none could be read., type: dict}
    certificate: {description: The certificate; null if nothing was found out., type: dict}
    lock: {description: The deploy lock; null if it is free., type: dict}
    errors: {description: "Why something could not be found out, by its name.", type: dict}
    findings:
      description: What needs a hand (C(what)), and the command to run next (C(run)).
      type: list
      elements: dict
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.stage_status.findings import findings
from ansible_collections.carpentries.amy.plugins.module_utils.stage_status.model import (
    Host,
    Stage,
    is_own,
    own_of,
    running_of,
)
from ansible_collections.carpentries.amy.plugins.module_utils.stage_status.table import lines

SILENT = "its host does not answer"


def stage_status(
    hosts: list[dict[str, Any]],
    stage: str,
    *,
    targets: list[dict[str, Any]],
    backup: dict[str, Any],
    lock: dict[str, Any],
    balancer_page: dict[str, Any],
    certificate: dict[str, Any],
    duties: dict[str, Any],
    queues: dict[str, Any] | None = None,
    redis_backup: dict[str, Any] | None = None,
    schedules: bool = True,
) -> dict[str, Any]:
    """Return the table and the findings; see RETURN."""
    known = {target["id"]: target for target in targets}
    found = Stage(
        name=stage,
        hosts=[_host(host, known, duties, schedules=schedules) for host in hosts],
        schedules=schedules,
        queues=queues if queues and "workers" in queues else None,
        backup=_backup(backup),
        redis_backup=_backup(redis_backup),
        lock=lock["lock"],
        lock_is_abandoned=lock["claim"] in ("expired", "dead"),
        balancer_page=balancer_page["mode"] == "on",
        certificate={key: certificate[key] for key in ("arn", "not_after", "days")} if "days" in certificate else None,
        errors={
            name: _error(answer)
            for name, answer in (
                ("queues", queues),
                ("backup", backup),
                ("redis_backup", redis_backup),
                ("certificate", certificate),
            )
            if answer is not None and answer.get("rc") != 0 and "workers" not in answer and "days" not in answer
        },
    )
    unknown = [name for name in found.errors if getattr(found, name) is None]
    return {
        "stage": stage,
        "hosts": [_facts(host) for host in found.hosts],
        **{name: getattr(found, name) for name in ("queues", "backup", "redis_backup", "certificate", "lock")},
        "errors": {name: found.errors[name] for name in unknown},
        "lines": lines(found),
        "findings": [asdict(finding) for finding in findings(found)],
    }


def _backup(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    return json.loads(answer["stdout"]) if answer and answer.get("rc") == 0 else None


def _error(answer: dict[str, Any]) -> str:
    return str(answer.get("stderr") or answer.get("msg") or SILENT).strip().rstrip(".")


def _host(
    variables: dict[str, Any], targets: dict[str, dict[str, Any]], duties: dict[str, Any], *, schedules: bool
) -> Host:
    answer, role = variables["status_host"], variables["ec2_tags"]["Role"]
    processes = answer.get("processes")
    target = targets.get(variables["ec2_instance_id"], {})
    return Host(
        name=variables["inventory_hostname"],
        role=role,
        state=answer.get("state"),
        target_state=target.get("state"),
        target_reason=target.get("description") or target.get("reason") or "",
        running=running_of(role, processes) if processes is not None else None,
        free_memory=answer.get("free_memory"),
        down={name: state for name, state in answer.get("down", {}).items() if not is_own(name)},
        own=own_of(answer),
        schedules=schedules or role != "scheduler",
        leaves=variables["inventory_hostname"] in duties["leaving"],
        outdated=answer.get("outdated", []),
        paused=answer.get("paused", False),
        makes=answer.get("timers", []) if variables["inventory_hostname"] in duties["former"] else [],
    )


def _facts(host: Host) -> dict[str, Any]:
    """What JSON tells of a host."""
    state = host.state or {}
    return {
        "name": host.name,
        "role": host.role,
        "release": host.release,
        "target_state": host.target_state,
        "target_reason": host.target_reason,
        "running": host.running,
        "down": host.down,
        "own": asdict(host.own) if host.own else None,
        "leaves": host.leaves,
        "outdated": host.outdated,
        "paused": host.paused,
        "free_bytes": state.get("free_bytes"),
        "free_memory": host.free_memory,
        "maintenance": state.get("maintenance"),
        "lacks_shared_files": state.get("lacks_shared_files"),
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"stage_status": stage_status}
