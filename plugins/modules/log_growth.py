#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_growth
short_description: Wait until a log hardly grows any more
version_added: 0.1.0
description:
  - Counts the lines that a log gains in a span of time, again and again, until there are few enough or the time is up.
  - That the time is up is no failure; the result says so.
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  path:
    description: The log. One that is not there has no lines.
    type: path
    required: true
  seconds:
    description: The span.
    type: float
    default: 60
  at_most:
    description: How many lines in a span are few enough.
    type: int
    default: 1
  timeout:
    description: Seconds to wait at the longest.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Wait until hardly any request comes to the old server
  carpentries.amy.log_growth:
    path: /var/log/nginx/stragglers.log
"""

RETURN = r"""
lines:
  description: How many lines the log has gained in the last span.
  returned: success
  type: int
reached:
  description: Whether they were few enough.
  returned: success
  type: bool
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils.log_growth import wait_for_calm


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "seconds": {"type": "float", "default": 60},
            "at_most": {"type": "int", "default": 1},
            "timeout": {"type": "float", "default": 600},
        },
        supports_check_mode=True,
    )
    options = module.params
    growth = wait_for_calm(
        Path(options["path"]),
        seconds=options["seconds"],
        at_most=options["at_most"],
        timeout=options["timeout"],
        clock=SystemClock(),
    )
    module.exit_json(changed=False, **growth._asdict())


if __name__ == "__main__":
    main()
