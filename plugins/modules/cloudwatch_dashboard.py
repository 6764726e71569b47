#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
short_description: Create or remove a CloudWatch dashboard
version_added: 0.1.0
description:
  - Puts a dashboard if there is none of that name or if its body differs, and deletes it.
  - Neither C(amazon.aws) nor C(community.aws) has a module for dashboards.
options:
  name:
    description: Name of the dashboard; dashboards of all regions share their names.
    type: str
    required: true
  body:
    description:
      - The body, as the call C(PutDashboard) takes it; the filter P(carpentries.amy.stage_dashboard#filter) makes one.
      - Required if O(state=present).
    type: dict
  state:
    description: Whether there is to be such a dashboard.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Can run in check mode without changing the dashboard.
    support: full
  diff_mode:
    description: Shows the body before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.aws_connection]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Show the requests
  carpentries.amy.cloudwatch_dashboard:
    name: amy-production
    body:
      widgets:
        - type: metric
          properties:
            region: us-east-1
            metrics: [[AWS/ApplicationELB, RequestCount, LoadBalancer, app/amy-production/0123456789abcdef]]
"""

RETURN = r"""
remarks:
  description: What CloudWatch has said of the body; it takes one that it would not show as it was meant.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.monitoring.dashboards import Dashboards


def main() -> None:
    """Compare, put or delete."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "body": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **aws.CONNECTION_OPTIONS,
        },
        required_if=[("state", "present", ["body"])],
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    name = module.params["name"]
    after = module.params["body"] if module.params["state"] == "present" else None
    try:
        with aws.translated(doing=f"have the dashboard {name} in CloudWatch"):
            dashboards = Dashboards(aws.client(service="cloudwatch", parameters=module.params))
            before = dashboards.body(name)
            settles = before != after and not module.check_mode
            remarks = dashboards.settle(name, after) if settles else []
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    for remark in remarks:
        module.warn(f"CloudWatch says of dashboard {name}: {remark}")
    module.exit_json(changed=before != after, remarks=remarks, diff={"before": before or {}, "after": after or {}})


if __name__ == "__main__":
    main()
