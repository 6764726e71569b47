#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: deploy_lock
short_description: Let one deploy of a stage run at a time
version_added: 0.1.0
description:
  - Holds a lock that is an object in the stage's bucket. It is created, changed and removed by conditional requests, so
    that of any number of simultaneous deploys exactly one gets it.
  - The lock belongs to one run of C(ansible-playbook), which may take it again at any time. With an O(version) it then
    says that one, its O(reason) and its O(deploy_id); without, it says what it said.
  - A lock is taken over when it has expired, or when the run that took it was on this host and lives no more. So the
    same command can be run again at once after its controller died.
  - If another run holds the lock, the module fails, and says who holds it, since when, why, and what to do.
options:
  state:
    description:
      - V(held) takes the lock, or keeps it.
      - V(released) gives it up. Any run may remove an abandoned lock.
    type: str
    choices: [held, released]
    default: held
  owner:
    description: Who deploys. By default user@host of the controller.
    type: str
  reason:
    description: Why, for those who have to wait.
    type: str
    default: deploy
  version:
    description: The version that is deployed.
    type: str
    default: ""
  deploy_id:
    description: Id of the deploy, as in its report.
    type: str
    default: ""
  ttl:
    description:
      - Seconds until the lock expires. Set it above the longest deploy, or renew it on the way.
      - The controllers' clocks are compared with each other, so they must be right to a few seconds.
    type: int
    default: 3600
  renew:
    description: Let the lock that is already ours expire O(ttl) seconds from now.
    type: bool
    default: false
  token:
    description: Token of a lock that was taken earlier; proves that it is ours where the process cannot.
    type: str
    default: ""
  force:
    description: Release the lock of any holder.
    type: bool
    default: false
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.public, carpentries.amy.stage_lock]
attributes:
  check_mode:
    description: Tells what would happen, and fails where it would fail.
    support: full
  diff_mode:
    description: Shows the lock before and after.
    support: full
seealso:
  - module: carpentries.amy.deploy_lock_info
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Take the deploy lock
  carpentries.amy.deploy_lock:
    bucket: amy-production
    stage: production
    version: v4.2
    reason: weekly release

- name: Release the deploy lock
  carpentries.amy.deploy_lock:
    state: released
    bucket: amy-production
    stage: production
"""

RETURN = r"""
held:
  description: Whether the lock is held now (in check mode, would be held).
  returned: success
  type: bool
lock:
  description: The lock as it is now; none when it is free.
  returned: success
  type: dict
  sample:
    stage: production
    owner: maria@laptop
    reason: weekly release
    version: v4.2
    deploy_id: 20260131-120000
    token: 0b0ff0c0-7a0e-4b0e-9b0e-000000000000
    taken: "2026-01-31T12:00:00.000Z"
    expires: "2026-01-31T13:00:00.000Z"
    process: {host: laptop, machine: "", boot_id: "", namespace: "pid:[4026531836]", pid: 4711, started: 123456}
taken_over:
  description: Whether an abandoned lock was taken over.
  returned: success
  type: bool
previous:
  description: The abandoned lock that was taken over.
  returned: when one was
  type: dict
because:
  description: Why it could be taken over (V(expired), or V(dead) for a controller that lives no more).
  returned: when one was
  type: str
"""

import getpass
import os
import socket
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._clock import SystemClock
from ..module_utils._lock_document import UnreadableLockError, public
from ..module_utils._lock_keeper import Keeper, LockHeldError, Outcome, Wish
from ..module_utils._lock_process import ProcessTable
from ..module_utils._lock_store import S3LockStore


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "bucket": {"type": "str", "required": True},
            "stage": {"type": "str", "required": True},
            "key": {"type": "str", "no_log": False},
            "owner": {"type": "str"},
            "reason": {"type": "str", "default": "deploy"},
            "version": {"type": "str", "default": ""},
            "deploy_id": {"type": "str", "default": ""},
            "ttl": {"type": "int", "default": 3600},
            "renew": {"type": "bool", "default": False},
            # Names a lock, opens nothing: everyone who can read the bucket can read it there.
            "token": {"type": "str", "default": "", "no_log": False},
            "force": {"type": "bool", "default": False},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    key = options["key"] or f"locks/{options['stage']}.json"
    try:
        result = run(keeper(options, key=key, dry=module.check_mode), options)
    except (aws.AwsError, LockHeldError) as error:
        module.fail_json(msg=str(error))
    except UnreadableLockError as error:
        module.fail_json(
            msg=f"{str(error).capitalize()}. When no deploy is running, remove it with: "
            f"aws s3 rm s3://{options['bucket']}/{key}"
        )
    module.exit_json(**result)


def keeper(options: dict[str, Any], *, key: str, dry: bool) -> Keeper:
    """This run's hands on the lock."""
    processes = ProcessTable()
    return Keeper(
        store=S3LockStore(client=aws.client(service="s3", parameters=options), bucket=options["bucket"], key=key),
        clock=SystemClock(),
        me=processes.controller(os.getpid()),
        lives=processes.lives,
        token=options["token"],
        dry=dry,
    )


def run(hands: Keeper, options: dict[str, Any]) -> dict[str, Any]:
    """Bring the lock to the wanted state. Returns the module's result."""
    if options["state"] == "released":
        return report(hands.release(force=options["force"]))
    wish = Wish(
        stage=options["stage"],
        owner=options["owner"] or f"{getpass.getuser()}@{socket.gethostname()}",
        reason=options["reason"],
        version=options["version"],
        deploy_id=options["deploy_id"],
        ttl=options["ttl"],
    )
    return report(hands.hold(wish, renew=options["renew"]))


def report(outcome: Outcome) -> dict[str, Any]:
    """The result of a change."""
    before, after = public(outcome.before), public(outcome.after)
    return {
        "changed": outcome.changed,
        "held": outcome.after is not None,
        "lock": after,
        "taken_over": outcome.taken_over is not None,
        "diff": {"before": before or {}, "after": after or {}},
        **({"previous": before, "because": outcome.taken_over.value} if outcome.taken_over else {}),
    }


if __name__ == "__main__":
    main()
