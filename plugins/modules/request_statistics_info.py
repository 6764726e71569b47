#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: request_statistics_info
short_description: Count the requests that a web host has answered while a deploy ran
version_added: 0.1.0
description:
  - Reads nginx's access log of JSON lines (role C(nginx)) and, if it was rotated meanwhile, the one before it.
  - Returns counts only, by slices of time, by status and by buckets of the time that requests took. Paths, clients and
    whatever else a line holds stay on the host.
  - A request belongs to the moment in which it ended. The host's own requests, by which a release proves itself, are
    left out, and what the load balancer has answered by itself is in no log of a web host.
  - The counts of several hosts add up in the deploy's report (P(carpentries.amy.deploy_report#callback)).
options:
  log:
    description: The access log.
    type: path
    required: true
  since:
    description: When the deploy began (ISO 8601, with a zone).
    type: str
    required: true
  margin:
    description: Seconds before O(since) that are counted, too, to compare with.
    type: int
    default: 120
  slice:
    description: Length of a slice in seconds.
    type: int
    default: 5
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Count the requests of the last deploy
  carpentries.amy.request_statistics_info:
    log: /webapps/amy.example.org/logs/nginx_access.log
    since: "2026-01-31T12:00:00Z"
  become: true
"""

RETURN = r"""
deploy_event:
  description: What the deploy report records.
  returned: success
  type: dict
  contains:
    type: {description: Always V(requests)., type: str}
    seconds: {description: Length of a slice., type: int}
    slices:
      description: The slices in which there was a request.
      type: list
      elements: dict
      sample: [{at: "2026-01-31T12:00:05.000Z", statuses: {"200": 41, "302": 1}, buckets: {"24": 40, "31": 2}}]
"""

from datetime import timedelta
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock, parse_timestamp
from ..module_utils.request_statistics import count


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "log": {"type": "path", "required": True},
            "since": {"type": "str", "required": True},
            "margin": {"type": "int", "default": 120},
            "slice": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    log, seconds = Path(module.params["log"]), module.params["slice"]
    if seconds < 1:
        module.fail_json(msg=f"slice must be at least one second, and is {seconds}")
    try:
        since = parse_timestamp(module.params["since"]) - timedelta(seconds=module.params["margin"])
        slices = count(log, since=since, until=SystemClock().now(), seconds=seconds)
    except ValueError as error:
        module.fail_json(msg=f"since is no time: {error}")
    except OSError as error:
        module.fail_json(
            msg=f"Cannot read the access log: {error}. The deploy is not affected. See on the host: ls -l {log.parent}"
        )
    module.exit_json(changed=False, deploy_event={"type": "requests", "seconds": seconds, "slices": slices})


if __name__ == "__main__":
    main()
