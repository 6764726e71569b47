#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_processes
short_description: Say which processes run from which release
version_added: 0.1.0
description:
  - Supervisor knows the processes that it started, but not a job that outlived its killed worker. The kernel does.
  - A process belongs to the release that its working directory is in.
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  releases:
    description: The folder that holds the releases.
    type: path
    required: true
  command:
    description: Only processes whose command line contains the words of this, divided as a shell divides them.
    type: str
    default: ""
  expected:
    description: The id of the release whose processes are left out of RV(others).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look for workers of another release
  carpentries.amy.release_processes:
    releases: /webapps/amy.carpentries.org/releases
    command: rqworker
    expected: v4.2.4-0123456789ab-01234567
"""

RETURN = r"""
processes:
  description: The processes with pid, parent, release and command.
  type: list
  elements: dict
  returned: success
others:
  description: Those of another release than O(expected).
  type: list
  elements: dict
  returned: success
"""

from dataclasses import asdict
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._processes import release_processes


def main() -> None:
    """Read, report."""
    module = AnsibleModule(
        argument_spec={
            "releases": {"type": "path", "required": True},
            "command": {"type": "str", "default": ""},
            "expected": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    releases = Path(module.params["releases"]).resolve()
    try:
        found = [asdict(entry) for entry in release_processes(releases=releases, command=module.params["command"])]
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"The host's processes cannot be read: {error}")
    others = [entry for entry in found if entry["release"] != module.params["expected"]]
    module.exit_json(changed=False, processes=found, others=others)


if __name__ == "__main__":
    main()
