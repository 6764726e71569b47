#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_queue_state
short_description: Say which jobs RQ has, where each is, and which workers there are
version_added: 0.1.0
description:
  - Reads RQ's and rq-scheduler's keys as they are. Unlike RQ's own listing, it unpickles, prunes and writes nothing.
  - Queues that RQ knows besides O(queues) are read as well.
  - Two results can be compared as sets, to prove that no job was lost or doubled.
extends_documentation_fragment:
  - carpentries.amy.public
  - carpentries.amy.read_only
  - carpentries.amy.rq_queues
  - carpentries.amy.rq_redis
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Take stock of the jobs
  carpentries.amy.rq_queue_state:
    redis_url: "{{ rq_redis_url }}"
  register: jobs_before
"""

RETURN = r"""
scheduled:
  description: The jobs that rq-scheduler will enqueue, with their Unix time as score.
  type: list
  elements: dict
  returned: success
oldest_overdue_seconds:
  description: How long the oldest scheduled job has been due, in seconds; 0 if none is.
  type: float
  returned: success
queues:
  description: >-
    For each queue the ids in C(queued) and C(taken), and ids with scores in C(running), C(deferred), C(scheduled) (by
    RQ's own scheduler) and C(failed).
  type: dict
  returned: success
aside:
  description: How many jobs were moved aside and not put back, by the name of their set.
  type: dict
  returned: success
workers:
  description: The registered workers, with name, hostname, pid, state, current_job, last_heartbeat and listening.
  type: list
  elements: dict
  returned: success
schedulers:
  description:
    - The registered schedulers, with the seconds until their registration ends.
    - One that was stopped is none, although its key stays for another minute.
  type: list
  elements: dict
  returned: success
suspended_by:
  description: The suspension's value and the seconds it still lasts; null if the workers are not suspended.
  type: dict
  returned: success
scheduler_locked_by:
  description: The scheduler lock's value and the seconds it still lasts; null if it is free.
  type: dict
  returned: success
"""

import time
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import (
    CONNECTION_OPTIONS,
    QUEUES_OPTIONS,
    RedisError,
    connect,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import SCHEDULED_KEY
from ansible_collections.carpentries.amy.plugins.module_utils.rq.lease import RedisLease
from ansible_collections.carpentries.amy.plugins.module_utils.rq.state import (
    SCHEDULER_LOCK_KEY,
    SUSPENSION_KEY,
    overdue_seconds,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore

# Where RQ notes every queue that has ever had a job, and how the notes begin.
QUEUES_KEY = "rq:queues"
QUEUE_PREFIX = "rq:queue:"


def read(options: dict[str, Any]) -> dict[str, Any]:
    """The state, as the result shows it. Raises QueueError."""
    client = connect(url=options["redis_url"])
    store = RqStore(client=client, queues=options["queues"], now=time.time)
    claims = {key: RedisLease(client=client, key=key).claim() for key in (SUSPENSION_KEY, SCHEDULER_LOCK_KEY)}
    scheduled = store.members(SCHEDULED_KEY)
    known = {key.decode(errors="replace").partition(QUEUE_PREFIX)[2] for key in client.smembers(QUEUES_KEY)}
    return {
        "scheduled": scheduled,
        "oldest_overdue_seconds": overdue_seconds([entry["score"] for entry in scheduled], now=time.time()),
        "queues": {
            queue: store.registries(queue) for queue in (*options["queues"], *sorted(known - {*options["queues"], ""}))
        },
        "aside": store.aside(),
        "workers": [asdict(worker) for worker in store.snapshot().workers],
        "schedulers": store.schedulers(),
        "suspended_by": _shown(claims[SUSPENSION_KEY]),
        "scheduler_locked_by": _shown(claims[SCHEDULER_LOCK_KEY]),
    }


def _shown(claim: Any) -> dict[str, Any] | None:
    return asdict(claim) if claim else None


def main() -> None:
    """Read, report."""
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_OPTIONS,
            **QUEUES_OPTIONS,
        },
        supports_check_mode=True,
    )
    try:
        state = read(module.params)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"The queues' state cannot be read: {error}")
    module.exit_json(changed=False, **state)


if __name__ == "__main__":
    main()
