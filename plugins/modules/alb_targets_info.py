#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: alb_targets_info
short_description: Read the health of every target of a load balancer's target group
version_added: 0.1.0
description:
  - Lists every target of a target group, the draining ones included, with its state and the load balancer's reason.
options:
  target_group:
    description: Name or ARN of the target group.
    type: str
    required: true
  wait_for:
    description:
      - Ids of instances whose targets may still become healthy. They are waited for, for as long as the target group's
        own health checks take to find a target healthy that answers again.
      - A target that is draining, or not registered, is not waited for.
    type: list
    elements: str
    default: []
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.public, carpentries.amy.read_only]
seealso:
  - module: carpentries.amy.alb_target
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Read the health of the web hosts
  carpentries.amy.alb_targets_info:
    target_group: amy-production-web
  register: targets

- name: Read it once the load balancer has noticed that the hosts are back
  carpentries.amy.alb_targets_info:
    target_group: amy-production-web
    wait_for: [i-0123456789abcdef0]

- name: Require that no host was left out of rotation
  ansible.builtin.assert:
    that: targets.targets | rejectattr('state', 'eq', 'healthy') | length == 0
"""

RETURN = r"""
target_group:
  description: The target group.
  returned: success
  type: dict
  sample: {arn: "arn:aws:elasticloadbalancing:...", name: amy-production-web, port: 80}
targets:
  description: Every target, sorted by instance id and port.
  returned: success
  type: list
  elements: dict
  sample: [{id: i-0123456789abcdef0, port: 80, state: unhealthy, reason: Target.Timeout, description: timed out}]
absent:
  description: The instances of O(wait_for) without a healthy target, in their order.
  returned: success
  type: list
  elements: str
healthy:
  description: How many of them are healthy.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._alb_api import TargetGroupApi
from ..module_utils._alb_rotation import Patience, settled
from ..module_utils._clock import SystemClock

# Seconds between two looks.
POLL_INTERVAL = 2


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "target_group": {"type": "str", "required": True},
            "wait_for": {"type": "list", "elements": "str", "default": []},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    try:
        api = TargetGroupApi(
            client=aws.client(service="elbv2", parameters=module.params), name_or_arn=module.params["target_group"]
        )
        group = settled(
            api.health,
            wanted=module.params["wait_for"],
            patience=Patience(timeout=api.group.recovery, interval=POLL_INTERVAL),
            clock=SystemClock(),
        )
        found = sorted(group, key=lambda health: (health.target.id, health.target.port))
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=False,
        target_group={"arn": api.group.arn, "name": api.group.name, "port": api.group.port},
        targets=[
            {
                "id": health.target.id,
                "port": health.target.port,
                "state": health.state,
                "reason": health.reason,
                "description": health.description,
            }
            for health in found
        ],
        absent=[
            name
            for name in module.params["wait_for"]
            if not any(health.healthy for health in found if health.target.id == name)
        ],
        healthy=sum(health.healthy for health in found),
    )


if __name__ == "__main__":
    main()
