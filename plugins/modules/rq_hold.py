#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_hold
short_description: Hold RQ's queues, so that no job runs and none starts
version_added: 0.1.0
description:
  - V(held) suspends the workers with a time limit, wakes those that block while waiting for a job, and waits until no
    job of O(queues) runs.
  - V(released) puts jobs back to their queue that a worker had taken but not started when it was stopped, and ends the
    suspension if O(owner) made it. Workers then clean up a minute later, and not while others take the jobs that have
    waited (rq#2061).
  - An idle worker that blocks in its dequeue would run one more job after the suspension. It is ended by RQ's own
    shutdown command, and relies on its supervisor to be started again; the new process sees the suspension first.
  - If the queues do not come to rest in O(timeout) seconds, the suspension is ended and the module fails with the
    running jobs' names.
extends_documentation_fragment: [carpentries.amy.public, carpentries.amy.rq_queues, carpentries.amy.rq_redis]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  state:
    description: Whether the queues are held.
    type: str
    choices: [held, released]
    default: held
  owner:
    description: Id of the deploy that holds the queues. The suspension's value becomes C(deploy:<owner>).
    type: str
    required: true
  supervised:
    description:
      - What supervisor runs on each worker host, as C(running) of M(carpentries.amy.host_status), by host. Anything but
        a dictionary says that the host could not be asked.
      - V(held) is refused if Redis knows fewer workers, or if a host could not be asked, for the others would go on.
    type: dict
    default: {}
  ttl:
    description: Seconds after which the workers go on by themselves, in case the deploy dies. Greater than O(timeout).
    type: int
    default: 900
  timeout:
    description: Seconds to wait for running jobs. More than the longest job may take.
    type: int
    default: 480
  take_over:
    description: Whether a suspension by another deploy is taken over. Only for the holder of the deploy lock.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode without suspending or waiting.
    support: full
  diff_mode:
    description: Shows who holds the queues before and after.
    support: full
"""

EXAMPLES = r"""
- name: Hold the queues
  carpentries.amy.rq_hold:
    redis_url: "{{ rq_redis_url }}"
    owner: "{{ deploy_id }}"
    take_over: true

- name: Resume the queues
  carpentries.amy.rq_hold:
    state: released
    redis_url: "{{ rq_redis_url }}"
    owner: "{{ deploy_id }}"
"""

RETURN = r"""
waited_seconds:
  description: Seconds until the queues were at rest.
  type: float
  returned: when state is held
jobs:
  description: The jobs that were waited for.
  type: list
  elements: str
  returned: when state is held
  sample: ["job 0c1e... (workshops.actions.send, queue default)"]
woken_workers:
  description: Names of the workers that were blocked and had to be woken.
  type: list
  elements: str
  returned: when state is held
returned_jobs:
  description: Ids of the jobs that a stopped worker had taken but not started, now at the head of their queue again.
  type: list
  elements: str
  returned: success
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import (
    CONNECTION_OPTIONS,
    QUEUES_OPTIONS,
    RedisError,
    connect,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.hold import (
    hold,
    must_suspend,
    release,
    require_all_workers,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import DEPLOY_PREFIX, RedisLease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import SUSPENSION_KEY, counted, stranded
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore


def ensure(options: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring the queues into the wanted state; what a result shows of it. Raises QueueError."""
    if options["state"] == "held" and options["ttl"] <= options["timeout"]:
        raise QueueError("'ttl' must be greater than 'timeout': else the workers go on while the deploy still waits.")
    client = connect(url=options["redis_url"])
    lease = RedisLease(client=client, key=SUSPENSION_KEY)
    store = RqStore(client=client, queues=options["queues"], now=time.time)
    holder = DEPLOY_PREFIX + options["owner"]
    claim = lease.claim()
    before = claim.holder if claim else None
    rules = {"holder": holder, "ttl": options["ttl"], "take_over": options["take_over"]}
    if options["state"] == "held":
        require_all_workers(store=store, supervised=counted(options["supervised"]), clock=SystemClock())
        after = holder if must_suspend(claim=claim, **rules) else before
        result: dict[str, Any] = {"waited_seconds": 0.0, "jobs": [], "woken_workers": [], "returned_jobs": []}
        if not check_mode:
            journal = hold(lease=lease, store=store, timeout=options["timeout"], clock=SystemClock(), **rules)
            result = {name: getattr(journal, name) for name in result}
    else:
        after = None if before == holder else before
        if check_mode:
            returned = [taken.job for taken in stranded(store.snapshot())] if before == holder else []
        else:
            _given_up, returned = release(lease=lease, store=store, holder=holder)
        result = {"returned_jobs": returned}
    diff = {"before": {"suspended_by": before}, "after": {"suspended_by": after}}
    return {"changed": before != after, "diff": diff, **result}


def main() -> None:
    """Hold or release, report."""
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_OPTIONS,
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "owner": {"type": "str", "required": True},
            **QUEUES_OPTIONS,
            "supervised": {"type": "dict", "default": {}},
            "ttl": {"type": "int", "default": 900},
            "timeout": {"type": "int", "default": 480},
            "take_over": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = ensure(module.params, check_mode=module.check_mode)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"The queues are not {module.params['state']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
