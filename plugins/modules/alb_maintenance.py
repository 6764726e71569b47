#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: alb_maintenance
short_description: Switch a load balancer's own maintenance page on or off
version_added: 0.1.0
description:
  - Puts a rule of priority 1 on each listener of an application load balancer, whose action is a fixed response with
    status 503; or takes it away.
  - No host is asked, so the page is shown even when there is none left.
  - A fixed response has no headers of one's own, so visitors get no C(Retry-After).
  - Rules are left alone by C(amazon.aws.elb_application_lb) as long as it is given listeners without C(Rules).
options:
  load_balancer:
    description: Name of the load balancer.
    type: str
    required: true
  mode:
    description: Whether the page is shown. Quote it, since YAML takes both words for booleans.
    type: str
    choices: ["on", "off"]
    required: true
  content:
    description: The page as HTML, 1024 bytes at most. Needed with O(mode=on).
    type: str
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.public]
attributes:
  check_mode:
    description: Tells whether the page would be switched or changed, and refuses what would be refused.
    support: full
  diff_mode:
    description: The page is not shown.
    support: none
seealso:
  - module: carpentries.amy.maintenance_page
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Close the site at the load balancer
  carpentries.amy.alb_maintenance:
    load_balancer: amy-production
    mode: "on"
    content: <!DOCTYPE html><title>Back at noon</title><h1>Back at noon</h1>

- name: See whether it is closed there
  carpentries.amy.alb_maintenance:
    load_balancer: amy-production
    mode: "off"
  check_mode: true
  changed_when: false
  register: balancer_page
"""

RETURN = r"""
mode:
  description: What the page was before; V(on) if any listener showed it.
  returned: success
  type: str
  sample: "off"
steps:
  description: The calls that were made (in check mode, that would be made).
  returned: success
  type: list
  elements: str
  sample: [create_rule, create_rule]
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._alb_maintenance import MaintenanceApi, PageRefusedError, perform


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "load_balancer": {"type": "str", "required": True},
            "mode": {"type": "str", "choices": ["on", "off"], "required": True},
            "content": {"type": "str"},
            **aws.CONNECTION_OPTIONS,
        },
        required_if=[("mode", "on", ["content"])],
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    try:
        api = MaintenanceApi(client=aws.client(service="elbv2", parameters=options), name=options["load_balancer"])
        found = api.look()
        steps = api.steps(found, page=options["content"] if options["mode"] == "on" else None)
        if not module.check_mode:
            perform(steps, name=options["load_balancer"])
    except (aws.AwsError, PageRefusedError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(steps),
        mode="on" if any(one.page is not None for one in found) else "off",
        steps=[word for word, _step in steps],
    )


if __name__ == "__main__":
    main()
