#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_replica
short_description: Let one Redis follow another, and wait until it has all of it
version_added: 0.1.0
description:
  - Makes the Redis at O(redis_url) a replica of the one at O(primary_url), and waits until it has all that it holds.
  - A replica forgets what it held before. A server with a key that is not in O(expendable) is refused, unless
    O(discard) says that its data is old.
  - Runs on a host that reaches both.
extends_documentation_fragment: [carpentries.amy.redis_pair]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  expendable:
    description: Patterns of keys whose loss does not matter, because RQ writes them again.
    type: list
    elements: str
    default:
      - rq:workers
      - rq:workers:*
      - rq:worker:*
      - rq:scheduler_instance:*
      - rq:scheduler_lock
      - rq:queues
      - rq:suspended
      - rq:clean_registries:*
      - rq:maintenance:*
  discard:
    description: Whether to replace even data that is not expendable.
    type: bool
    default: false
  timeout:
    description: Seconds to wait until it has all.
    type: float
    default: 120
attributes:
  check_mode:
    description: Tells whether the server would become a replica.
    support: full
  diff_mode:
    description: Shows the server's primary before and after.
    support: full
"""

EXAMPLES = r"""
- name: Make the new Redis a replica of the old one
  carpentries.amy.redis_replica:
    redis_url: "redis://admin:{{ password }}@10.20.0.7:6379"
    redis_address: 10.20.0.7:6379
    primary_url: redis://127.0.0.1:6379
    primary_address: 10.20.0.5:6380
"""

RETURN = r"""
waited_seconds:
  description: How long it took until it had all.
  type: float
  returned: outside check mode
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move import wanted
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.options import PAIR_OPTIONS, pair_from
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import RedisError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError


def main() -> None:
    """Let one server follow the other, report."""
    module = AnsibleModule(
        argument_spec={
            **PAIR_OPTIONS,
            "expendable": {"type": "list", "elements": "str", "default": wanted.EXPENDABLE},
            "discard": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 120},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        result = wanted.replica(pair_from(options), options, clock=SystemClock(), check_mode=module.check_mode)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"Redis {options['redis_address']} is no replica: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
