#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: efs_file_system
short_description: Create a file system in EFS that hosts in several zones reach
version_added: 0.1.0
description:
  - Creates or corrects an encrypted file system that is backed up daily, with an address in the zone of each subnet.
  - It never deletes a file system. What the module has no opinion on is left as it is.
  - C(community.aws.efs) has no check mode, sets no backups, and removes the addresses that it is not told of.
options:
  name:
    description: Creation token of the file system, and its name.
    type: str
    required: true
  subnet_ids:
    description:
      - Subnets whose zones get an address; EFS has one a zone, and one that is there is kept.
      - Without this option addresses are of no concern.
    type: list
    elements: str
  security_group_ids:
    description: Security groups of the addresses.
    type: list
    elements: str
    default: []
  unused_days:
    description: Days without use after which a file moves to cheaper and slower storage; V(0) is never.
    type: int
    choices: [0, 1, 7, 14, 30, 60, 90, 180, 270, 365]
    default: 0
  tags:
    description: Tags of a new file system.
    type: dict
    default: {}
  state:
    description: V(detached) takes its addresses away, so that no host reaches it; its files stay.
    type: str
    choices: [present, detached]
    default: present
attributes:
  check_mode:
    description: Can run in check mode without changing the file system.
    support: full
  diff_mode:
    description: Shows backups, days and addresses, before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.aws_connection]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Share files between hosts
  carpentries.amy.efs_file_system:
    name: amy-production
    subnet_ids: [subnet-1, subnet-2]
    security_group_ids: [sg-1]
  register: shared
"""

RETURN = r"""
file_system_id:
  description: Id of the file system; empty without one, and for a new one in check mode.
  type: str
  returned: success
  sample: fs-0123456789abcdef0
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._clock import SystemClock
from ..module_utils.file_systems import FileSystemError, FileSystems, Wanted, described, plan, promised


def main() -> None:
    """Compare, create, correct or detach, report."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "subnet_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "unused_days": {"type": "int", "choices": [0, 1, 7, 14, 30, 60, 90, 180, 270, 365], "default": 0},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "detached"], "default": "present"},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    try:
        with aws.translated(doing=f"have the file system {options['name']} in EFS"):
            efs, ec2 = (aws.client(service=service, parameters=options) for service in ("efs", "ec2"))
            systems = FileSystems(efs, ec2, clock=SystemClock())
            result = _detach(module, systems) if options["state"] == "detached" else _settle(module, systems)
    except (aws.AwsError, FileSystemError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def _settle(module: AnsibleModule, systems: FileSystems) -> dict[str, object]:
    options = module.params
    found = systems.find(options["name"])
    wanted = Wanted(
        unused_days=options["unused_days"],
        subnets=None if options["subnet_ids"] is None else systems.zones(options["subnet_ids"]),
        groups=tuple(options["security_group_ids"]),
    )
    changed = found is None or plan(wanted, found).needed
    diff = {"before": described(found), "after": promised(wanted, found)}
    if changed and not module.check_mode:
        found = found or systems.create(options["name"], tags=options["tags"])
        systems.correct(options["name"], found=found, wanted=wanted)
    return {"changed": changed, "file_system_id": found.id if found else "", "diff": diff}


def _detach(module: AnsibleModule, systems: FileSystems) -> dict[str, object]:
    name = module.params["name"]
    found = systems.find(name)
    changed = found is not None and bool(found.targets)
    if found and changed and not module.check_mode:
        systems.detach(name, found=found)
    before = described(found)
    return {
        "changed": changed,
        "file_system_id": found.id if found else "",
        "diff": {"before": before, "after": {**before, "targets": {}} if before else {}},
    }


if __name__ == "__main__":
    main()
