#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_jobs_since
short_description: List the waiting jobs that are younger than a backup of the database
version_added: 0.1.0
description:
  - After a restore, jobs in Redis may need rows that the database no longer has. Which rows a job needs only the
    application knows; this lists every job that was created after O(since), or in the minute before, for an operator
    to judge.
  - Reads RQ's keys as they are. Nothing is unpickled, moved or deleted.
extends_documentation_fragment: [carpentries.amy.read_only, carpentries.amy.rq_queues, carpentries.amy.rq_redis]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  since:
    description: When the backup began, in ISO 8601 with its zone.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: List the jobs whose rows may be gone
  carpentries.amy.rq_jobs_since:
    redis_url: "{{ rq_redis_url }}"
    since: "2026-03-31T12:00:00+00:00"
"""

RETURN = r"""
checked:
  description: How many jobs wait.
  type: int
  returned: success
jobs:
  description:
    - The younger ones, with id, where (Redis key), function, created, and the Unix time for which each is scheduled
      (C(at); null for those that run at once).
  type: list
  elements: dict
  returned: success
lines:
  description: The same as text, a line each.
  type: list
  elements: str
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
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_since import described, jobs_since
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore


def look(options: dict[str, Any]) -> dict[str, Any]:
    """The younger jobs, as the result shows them. Raises QueueError."""
    store = RqStore(client=connect(url=options["redis_url"]), queues=options["queues"], now=time.time)
    waiting = store.waiting_jobs()
    younger = jobs_since(waiting, since=options["since"])
    return {
        "checked": len(waiting),
        "jobs": [asdict(job) for job in younger],
        "lines": [described(job) for job in younger],
    }


def main() -> None:
    """Read, report."""
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_OPTIONS,
            **QUEUES_OPTIONS,
            "since": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module.params)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"The waiting jobs cannot be listed: {error}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
