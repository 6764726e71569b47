#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_events_info
short_description: Read what a stage's hosts have written to its log group
version_added: 0.1.0
description:
  - Reads the events of all streams of a log group in CloudWatch Logs since a while ago, in their order.
options:
  group:
    description: The log group.
    type: str
    required: true
  since:
    description: How long ago the first event may be, a number and C(s), C(m), C(h), C(d) or C(w).
    type: str
    default: 10m
  text:
    description: What an event must have in it, literally; for example the id of a request.
    type: str
    default: ""
  host:
    description: The one host whose streams are read; empty for all.
    type: str
    default: ""
  limit:
    description: How many events at most; the latest ones are kept.
    type: int
    default: 500
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.public, carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Find a request in every log
  carpentries.amy.log_events_info:
    group: /amy/production
    since: 1h
    text: Root=1-67891233-abcdef012345678912345678
"""

RETURN = r"""
lines:
  description: The events, each with its time in UTC and its stream.
  returned: success
  type: list
  elements: str
truncated:
  description: Whether there were more than O(limit).
  returned: success
  type: bool
"""

from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.cloudwatch.reader import ago, read


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "required": True},
            "since": {"type": "str", "default": "10m"},
            "text": {"type": "str", "default": ""},
            "host": {"type": "str", "default": ""},
            "limit": {"type": "int", "default": 500},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    wanted = {name: module.params[name] for name in ("group", "text", "host", "limit")}
    try:
        since = datetime.now(timezone.utc) - ago(module.params["since"])
        entries, truncated = read(aws.client(service="logs", parameters=module.params), since=since, **wanted)
    except (aws.AwsError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, lines=[str(entry) for entry in entries], truncated=truncated)


if __name__ == "__main__":
    main()
