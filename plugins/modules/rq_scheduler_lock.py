#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_scheduler_lock
short_description: Hold rq-scheduler's lock, so that the scheduler can be stopped between two ticks
version_added: 0.1.0
description:
  - A scheduler that is stopped in the middle of a tick loses repeating jobs and runs others twice. While the lock is
    held no tick begins, and the scheduler may be stopped.
  - V(held) waits for the lock and until no tick is in flight. V(released) frees the lock if O(owner) holds it.
  - The scheduler itself frees only a lock that it took.
extends_documentation_fragment: [carpentries.amy.public, carpentries.amy.rq_redis]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  state:
    description: Whether the lock is held.
    type: str
    choices: [held, released]
    default: held
  owner:
    description: Id of the deploy that holds the lock. The lock's value becomes C(deploy:<owner>).
    type: str
    required: true
  ttl:
    description: Seconds after which the lock frees itself, in case the deploy dies.
    type: int
    default: 600
  timeout:
    description: Seconds to wait for the lock. More than a tick's lock lives, which is the scheduler's interval + 10.
    type: int
    default: 120
  take_over:
    description: Whether another deploy's lock is taken over. Only for the holder of the deploy lock.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode without taking or freeing the lock.
    support: full
  diff_mode:
    description: Shows who holds the lock before and after.
    support: full
"""

EXAMPLES = r"""
- name: Keep the scheduler from beginning a tick
  carpentries.amy.rq_scheduler_lock:
    redis_url: "{{ rq_redis_url }}"
    owner: "{{ deploy_id }}"

- name: Let the scheduler tick
  carpentries.amy.rq_scheduler_lock:
    state: released
    redis_url: "{{ rq_redis_url }}"
    owner: "{{ deploy_id }}"
"""

RETURN = r"""
waited_seconds:
  description: Seconds until the lock was held and no tick in flight.
  type: float
  returned: when state is held
taken_from:
  description: The dead deploy that held the lock before; null if none did.
  type: str
  returned: when state is held
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import (
    CONNECTION_OPTIONS,
    RedisError,
    connect,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import SCHEDULED_KEY
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import DEPLOY_PREFIX, RedisLease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.scheduler_lock import acquire
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import SCHEDULER_LOCK_KEY
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore


def ensure(options: dict[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring the lock into the wanted state; what a result shows of it. Raises QueueError."""
    client = connect(url=options["redis_url"])
    lease = RedisLease(client=client, key=SCHEDULER_LOCK_KEY)
    store = RqStore(client=client, queues=[], now=time.time)
    holder = DEPLOY_PREFIX + options["owner"]
    claim = lease.claim()
    before = claim.holder if claim else None
    result: dict[str, Any] = {}
    if options["state"] == "held":
        after: str | None = holder
        result = {"waited_seconds": 0.0, "taken_from": None}
        if not check_mode:
            acquired = acquire(
                lease=lease,
                due=lambda: store.due(SCHEDULED_KEY),
                holder=holder,
                ttl=options["ttl"],
                timeout=options["timeout"],
                take_over=options["take_over"],
                clock=SystemClock(),
            )
            result = {"waited_seconds": acquired.waited_seconds, "taken_from": acquired.taken_from}
    else:
        after = None if before == holder else before
        if not check_mode:
            lease.give_up(expected=holder)
    return {
        "changed": before != after,
        "diff": {"before": {"locked_by": before}, "after": {"locked_by": after}},
        **result,
    }


def main() -> None:
    """Take or free the lock, report."""
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_OPTIONS,
            "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
            "owner": {"type": "str", "required": True},
            "ttl": {"type": "int", "default": 600},
            "timeout": {"type": "int", "default": 120},
            "take_over": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = ensure(module.params, check_mode=module.check_mode)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"The scheduler's lock is not {module.params['state']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
