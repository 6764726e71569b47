#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_lock_info
short_description: Tell who deploys a stage
version_added: 0.1.0
description:
  - Reads the lock that M(carpentries.amy.deploy_lock) holds.
extends_documentation_fragment:
  - carpentries.amy.aws_connection
  - carpentries.amy.public
  - carpentries.amy.read_only
  - carpentries.amy.stage_lock
seealso:
  - module: carpentries.amy.deploy_lock
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Look at the deploy lock
  carpentries.amy.deploy_lock_info:
    bucket: amy-production
    stage: production
  register: found
"""

RETURN = r"""
held:
  description: Whether the lock is held.
  returned: success
  type: bool
lock:
  description: The lock, as M(carpentries.amy.deploy_lock) returns it; none when it is free.
  returned: success
  type: dict
claim:
  description: What this run may do about it.
  returned: success
  type: str
  sample: foreign
"""

import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._clock import SystemClock
from ..module_utils._lock_document import UnreadableLockError, claim, public
from ..module_utils._lock_process import ProcessTable
from ..module_utils._lock_store import S3LockStore


def main() -> None:
    """Read, report."""
    module = AnsibleModule(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "stage": {"type": "str", "required": True},
            "key": {"type": "str", "no_log": False},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    processes = ProcessTable()
    key = options["key"] or f"locks/{options['stage']}.json"
    try:
        store = S3LockStore(client=aws.client(service="s3", parameters=options), bucket=options["bucket"], key=key)
        found = store.read()
    except (aws.AwsError, UnreadableLockError) as error:
        module.fail_json(msg=str(error))
    lock = found[0] if found else None
    me, now = processes.controller(os.getpid()), SystemClock().now()
    status = claim(lock=lock, me=me, token="", now=now, lives=processes.lives)
    module.exit_json(changed=False, held=lock is not None, lock=public(lock), claim=status.value)


if __name__ == "__main__":
    main()
