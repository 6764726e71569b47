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
  - What hosts have answered is read from their variables (C(status_queues), C(status_backup), C(status_redis_backup)),
    unless it is given here.
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
    description: What M(carpentries.amy.rq_queue_state) has returned. A stage without background jobs has none.
    type: dict
  backup:
    description: What C(amy-database check) has returned, with C(rc), C(stdout) and C(stderr).
    type: dict
  redis_backup:
    description: What C(amy-redis check) has returned, as for O(backup). A stage without Redis has none.
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

from collections.abc import Callable
from typing import Any

from ..module_utils._status.status import status


def stage_status(
    hosts: list[dict[str, Any]],
    stage: str,
    *,
    targets: list[dict[str, Any]],
    duties: dict[str, Any],
    schedules: bool = True,
    **answers: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return the table and the findings; see RETURN."""
    return status(stage, hosts, targets=targets, duties=duties, answers=answers, schedules=schedules)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"stage_status": stage_status}
