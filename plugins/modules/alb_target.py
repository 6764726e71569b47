#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: alb_target
short_description: Bring an instance into or out of a load balancer's rotation
version_added: 0.1.0
description:
  - Registers an instance in a target group and waits until its health checks pass, or deregisters it and waits until
    the load balancer has ceased to route requests to it.
  - Being in rotation is a state, not a step. From every state that a target can be in, the module converges to the
    wanted one, so that a rerun repairs what an interrupted run left behind.
  - C(unused) targets are registered. C(draining) targets are registered at once, and again if their draining ends after
    that. C(initial) and C(unhealthy) targets are waited for. C(healthy) targets are fine.
  - Leaving ends with requests possibly still in flight on the host; see M(carpentries.amy.nginx_drain).
options:
  target_group:
    description: Name or ARN of the target group.
    type: str
    required: true
  target_id:
    description: Id of the EC2 instance.
    type: str
    required: true
  port:
    description: Port of the instance. By default the target group's own port.
    type: int
  state:
    description:
      - V(in_rotation) makes the load balancer route requests to the target.
      - V(out_of_rotation) makes it stop.
    type: str
    choices: [in_rotation, out_of_rotation]
    default: in_rotation
  wait:
    description: Whether to wait until the target is healthy, or out of rotation for O(propagation) seconds.
    type: bool
    default: true
  timeout:
    description: Seconds to wait at most.
    type: float
    default: 300
  poll_interval:
    description: Seconds between two questions to the load balancer.
    type: float
    default: 1
  propagation:
    description:
      - Seconds that pass after the deregistration, because the load balancer goes on routing for a moment.
      - Nothing may stop on the host before.
    type: float
    default: 5
  minimum_in_service:
    description:
      - How many other targets must be healthy before a healthy target may leave.
      - Those that the load balancer may yet find healthy are waited for, for O(timeout) seconds. Then, and at once if
        there is none, the module fails and nothing happens.
      - A target that is not healthy may always leave, so that a broken host is open to repair.
    type: int
    default: 0
  progress_file:
    description:
      - A file that tells in a line how the wait goes, while it goes.
      - P(carpentries.amy.progress#callback) asks for it by itself.
    type: path
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.public]
attributes:
  check_mode:
    description: Reports the step that would be taken, and refuses, without waiting, what would be refused.
    support: full
  diff_mode:
    description: Shows the target's state before and after.
    support: full
seealso:
  - module: carpentries.amy.alb_targets_info
  - module: carpentries.amy.nginx_drain
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Leave the load balancer
  carpentries.amy.alb_target:
    target_group: amy-production-web
    target_id: "{{ instance_id }}"
    state: out_of_rotation
    minimum_in_service: 1
  delegate_to: localhost

- name: Rejoin the load balancer and wait until it routes here
  carpentries.amy.alb_target:
    target_group: amy-production-web
    target_id: "{{ instance_id }}"
    state: in_rotation
    timeout: 120
  delegate_to: localhost
"""

RETURN = r"""
target:
  description: The target as last seen.
  returned: always
  type: dict
  sample: {id: i-0123456789abcdef0, port: 80, state: healthy, reason: "", description: ""}
steps:
  description: The calls that were made (in check mode, that would be made).
  returned: always
  type: list
  elements: str
  sample: [register]
timeline:
  description: Each state the target was seen in, with the time of day and the seconds since the module began.
  returned: always
  type: list
  elements: dict
  sample: [{at: "2026-01-31T12:00:00.000Z", seconds: 0.0, state: draining, reason: "", description: ""}]
seconds_waited:
  description: How long the module took.
  returned: always
  type: float
deploy_event:
  description: What the deploy report records (the host went out of service, or came back).
  returned: when the target is where it is wanted, outside check mode
  type: dict
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._alb_api import TargetGroupApi, others_of
from ..module_utils._alb_plan import RotationRefusedError, Step, Target, TargetHealth, plan_join, plan_leave
from ..module_utils._alb_rotation import Patience, Rotation, RotationTimeoutError, TargetApi
from ..module_utils._alb_watched import WatchedApi
from ..module_utils._clock import SystemClock
from ..module_utils._live_note import tell


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "target_group": {"type": "str", "required": True},
            "target_id": {"type": "str", "required": True},
            "port": {"type": "int"},
            "state": {"type": "str", "choices": ["in_rotation", "out_of_rotation"], "default": "in_rotation"},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "float", "default": 300},
            "poll_interval": {"type": "float", "default": 1},
            "propagation": {"type": "float", "default": 5},
            "minimum_in_service": {"type": "int", "default": 0},
            "progress_file": {"type": "path"},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    rotation: Rotation | None = None
    try:
        api = TargetGroupApi(
            client=aws.client(service="elbv2", parameters=module.params), name_or_arn=module.params["target_group"]
        )
        target = Target(id=module.params["target_id"], port=module.params["port"] or api.group.port)
        rotation = Rotation(api=seen_by(api, module.params["progress_file"]), target=target, clock=SystemClock())
        before = rotation.look()
        act = predict if module.check_mode else turn
        result = act(
            rotation=rotation,
            before=before,
            others=lambda: others_of(target, api.health()),
            parameters=module.params,
        )
    except (aws.AwsError, RotationRefusedError) as error:
        module.fail_json(msg=str(error), **record(rotation))
    except RotationTimeoutError as error:
        module.fail_json(msg=f"{error} {remedy(module.params)}", **record(rotation))
    module.exit_json(**result)


def seen_by(api: TargetGroupApi, progress_file: str | None) -> TargetApi:
    """The API; it writes the progress to a file if one is named."""
    return WatchedApi(api, tell=partial(tell, Path(progress_file))) if progress_file else api


def turn(
    *,
    rotation: Rotation,
    before: TargetHealth,
    others: Callable[[], Sequence[TargetHealth]],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Bring the target where it is wanted. Returns the module's result."""
    patience = Patience(timeout=parameters["timeout"], interval=parameters["poll_interval"])
    if parameters["state"] == "in_rotation":
        after = rotation.join(patience=patience if parameters["wait"] else None)
        event_type = "host_in_service" if after.healthy else ""
    else:
        after = rotation.leave(
            others=others,
            minimum=parameters["minimum_in_service"],
            propagation=parameters["propagation"],
            patience=patience if parameters["wait"] else None,
        )
        event_type = "host_out_of_service"
    event = {"deploy_event": {"type": event_type, "at": rotation.turned_at}} if event_type else {}
    return {**outcome(before=before, after=after, steps=rotation.steps), **record(rotation), **event}


def predict(
    *,
    rotation: Rotation,
    before: TargetHealth,
    others: Callable[[], Sequence[TargetHealth]],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """What `turn` would do. Returns the module's result."""
    if parameters["state"] == "in_rotation":
        step, becomes = plan_join(before), "healthy" if parameters["wait"] else "initial"
    else:
        step = plan_leave(health=before, others=others(), minimum=parameters["minimum_in_service"])
        becomes = "draining"
    after = before if step is Step.NONE else TargetHealth(target=before.target, state=becomes)
    return {**record(rotation), **outcome(before=before, after=after, steps=[] if step is Step.NONE else [step])}


def outcome(*, before: TargetHealth, after: TargetHealth, steps: list[Step]) -> dict[str, Any]:
    """The part of the result that tells whether and how the target changed."""
    return {
        "changed": bool(steps),
        "target": {
            "id": after.target.id,
            "port": after.target.port,
            "state": after.state,
            "reason": after.reason,
            "description": after.description,
        },
        "steps": [step.value for step in steps],
        "diff": {
            "before": {str(before.target): before.state},
            "after": {str(after.target): after.state if steps else before.state},
        },
    }


def record(rotation: Rotation | None) -> dict[str, Any]:
    """The part of the result that tells what was seen on the way; also returned with a failure.

    A failure after the deregistration still has to tell the report that the host is out of service.
    """
    if rotation is None:
        return {}
    left = Step.DEREGISTER in rotation.steps
    return {
        **({"deploy_event": {"type": "host_out_of_service", "at": rotation.turned_at}} if left else {}),
        "changed": bool(rotation.steps),
        "steps": [step.value for step in rotation.steps],
        "timeline": rotation.timeline,
        "seconds_waited": rotation.waited,
    }


def remedy(parameters: dict[str, Any]) -> str:
    """What to run after a timeout."""
    group = parameters["target_group"]
    return (
        "See what the host itself answers with: make status STAGE=<stage> - and every target's reason with: "
        f"ansible localhost -m carpentries.amy.alb_targets_info -a target_group={group} "
        "- then run the same command again."
    )


if __name__ == "__main__":
    main()
