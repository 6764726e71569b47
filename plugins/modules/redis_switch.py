#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_switch
short_description: Make a replica of a Redis the primary, and the primary its replica, without losing a write
version_added: 0.1.0
description:
  - Makes the replica at O(redis_url) the primary, and the primary at O(primary_url) its replica. First it compares
    key by key what both hold. The switch is a FAILOVER where the primary's version has it (6.2); elsewhere the primary
    is made to refuse writes.
  - The primary's clients must have stopped writing; one that has not sees an error from then on, and nothing is lost.
  - Runs on a host that reaches both.
extends_documentation_fragment: [carpentries.amy.redis_pair]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  timeout:
    description: Seconds to wait for each step.
    type: float
    default: 10
attributes:
  check_mode:
    description: Compares what both hold, and tells whether they would change their parts.
    support: full
  diff_mode:
    description: Shows who is the primary before and after.
    support: full
"""

EXAMPLES = r"""
- name: Make the new Redis the one that is written to
  carpentries.amy.redis_switch:
    redis_url: "redis://admin:{{ password }}@10.20.0.7:6379"
    redis_address: 10.20.0.7:6379
    primary_url: redis://127.0.0.1:6379
    primary_address: 10.20.0.5:6380
    user: replica
    password: "{{ replica_password }}"
"""

RETURN = r"""
compared:
  description: How many keys were compared.
  type: int
  returned: when the parts change
method:
  description: How the parts were changed.
  type: str
  returned: when the parts change, outside check mode
  sample: failover
seconds:
  description: How long the change took, without the comparison.
  type: float
  returned: when the parts change, outside check mode
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move import wanted
from ansible_collections.carpentries.amy.plugins.module_utils.redis_move.options import PAIR_OPTIONS, pair_from
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import RedisError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError


def main() -> None:
    """Change the primary, report."""
    module = AnsibleModule(
        argument_spec={
            **PAIR_OPTIONS,
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        result = wanted.switched(pair_from(options), options, clock=SystemClock(), check_mode=module.check_mode)
    except (QueueError, RedisError) as error:
        module.fail_json(msg=f"Redis {options['redis_address']} is not the primary: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
