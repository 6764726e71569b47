#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: database_storage_info
short_description: Say how much storage an RDS instance has left
version_added: 0.1.0
description:
  - Reads the metric C(FreeStorageSpace) of the last minutes in CloudWatch.
  - An instance whose storage is full refuses all writes. A playbook that is about to fill storage asks before.
options:
  instance:
    description: Identifier of the RDS instance.
    type: str
    required: true
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Ask how much storage the database has left
  carpentries.amy.database_storage_info:
    instance: amy-production
  delegate_to: localhost
  register: storage
"""

RETURN = r"""
free_bytes:
  description: What was left when the instance last reported; null if it has not in the last 15 minutes.
  returned: success
  type: int
  sample: 8589934592
"""

from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.database_storage import free_bytes


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={"instance": {"type": "str", "required": True}, **aws.CONNECTION_OPTIONS},
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    try:
        free = free_bytes(
            aws.client(service="cloudwatch", parameters=module.params),
            instance=module.params["instance"],
            now=datetime.now(timezone.utc),
        )
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, free_bytes=free)


if __name__ == "__main__":
    main()
