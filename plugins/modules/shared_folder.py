#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: shared_folder
short_description: Move a folder to a file system that hosts share, while programs use it
version_added: 0.1.0
description:
  - Copies what is in the folder to the shared file system, lets systemd mount it over the folder, and copies what was
    written meanwhile. The covered folder becomes read-only. Programs that use the folder need no restart.
  - Of two versions of a file the newer one is on the share in the end; the older one stays in the covered folder.
  - It can be cut off at any time and done again, and on several hosts at once.
options:
  path:
    description: The folder.
    type: path
    required: true
  source:
    description: What is mounted, C(host:/path).
    type: str
    required: true
  kind:
    description: Kind of the file system.
    type: str
    default: nfs4
  options:
    description: Options of the mount.
    type: list
    elements: str
    default: []
  unit:
    description: The unit of systemd's that mounts it; it must be there.
    type: str
    required: true
  folders:
    description: Folders on the share that the application writes to.
    type: list
    elements: str
    default: []
  user:
    description: Whose they are.
    type: str
    required: true
  group:
    description: Whose group they are.
    type: str
    required: true
  timeout:
    description: How many seconds to wait for those who were writing a file when the share was mounted.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode without changing anything.
    support: full
  diff_mode:
    description: Shows what is mounted and carried over, before and after.
    support: full
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Share what visitors upload
  carpentries.amy.shared_folder:
    path: /webapps/amy.example.org/shared
    source: fs-0123456789abcdef0.efs.us-east-1.amazonaws.com:/
    unit: webapps-amy.example.org-shared.mount
    folders: [mediafiles]
    user: amy
    group: amy
  become: true
"""

RETURN = r"""
copied:
  description: The files that were brought to the share.
  type: list
  elements: str
  returned: success
left:
  description: The files that were not, because the share has a newer version; they are in the covered folder.
  type: list
  elements: str
  returned: success
"""

import grp
import pwd
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils.shared_folder.failure import SharedFolderError
from ..module_utils.shared_folder.move import Found, Moved, Wanted, look, move


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "source": {"type": "str", "required": True},
            "kind": {"type": "str", "default": "nfs4"},
            "options": {"type": "list", "elements": "str", "default": []},
            "unit": {"type": "str", "required": True},
            "folders": {"type": "list", "elements": "str", "default": []},
            "user": {"type": "str", "required": True},
            "group": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    try:
        wanted = _wanted(module)
        found = look(wanted)
        changed = not found.settled
        moved = Moved()
        if changed and not module.check_mode:
            moved = move(wanted, clock=SystemClock(), patience=module.params["timeout"])
    except (SharedFolderError, OSError) as error:
        module.fail_json(msg=str(error))
    after = {"mounted": True, "carried_over": True, "folders": sorted(wanted.folders)}
    module.exit_json(
        changed=changed,
        copied=sorted(moved.copied),
        left=sorted(moved.left),
        diff={"before": _described(found, wanted), "after": after},
    )


def _wanted(module: AnsibleModule) -> Wanted:
    options = module.params
    return Wanted(
        path=Path(options["path"]),
        source=options["source"],
        kind=options["kind"],
        options=",".join(options["options"]),
        unit=options["unit"],
        folders=tuple(options["folders"]),
        user=_user(options["user"], module=module),
        group=_group(options["group"], module=module),
    )


def _user(name: str, *, module: AnsibleModule) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return _unknown(f"user {name}", module=module)


def _group(name: str, *, module: AnsibleModule) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return _unknown(f"group {name}", module=module)


def _unknown(who: str, *, module: AnsibleModule) -> int:
    """A dry run of a new host has not created them; otherwise raises SharedFolderError."""
    if module.check_mode:
        return -1
    raise SharedFolderError(f"There is no {who} on this host. Run: make configure STAGE=<stage>")


def _described(found: Found, wanted: Wanted) -> dict[str, object]:
    there = sorted(set(wanted.folders) - set(found.lacks))
    return {"mounted": found.mounted, "carried_over": found.sealed, "folders": there}


if __name__ == "__main__":
    main()
