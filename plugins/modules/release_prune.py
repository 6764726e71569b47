#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_prune
short_description: Remove releases that are no longer needed
version_added: 0.1.0
description:
  - Keeps the releases activated last, the active one, the one before it, the named ones, those that a process runs
    from, and those staged less than a day ago that never ran. Removes all others, the static files that only they
    had, and what died runs have left behind.
  - Static files that M(carpentries.amy.release_static) has added go when their release is no longer one of the O(keep)
    activated last.
  - A Python of M(carpentries.amy.release_python) goes with the last release that uses it, unless a process still runs
    from it or it was staged less than a day ago.
options:
  keep:
    description: How many of the releases activated last to keep.
    type: int
    default: 5
  keep_ids:
    description: More releases to keep.
    type: list
    elements: str
    default: []
  static_directory:
    description: Where in a release its static files are.
    type: str
    default: staticfiles
  group:
    description: The application's group.
    type: str
    required: true
attributes:
  check_mode:
    description: Says what would be removed.
    support: full
  diff_mode:
    description: Shows the releases before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Prune releases
  carpentries.amy.release_prune:
    site_root: /webapps/amy.example.org
    keep: 5
    group: amy
  become: true
"""

RETURN = r"""
removed:
  description: The directories under C(releases/) that were removed.
  returned: success
  type: list
  elements: str
removed_earlier:
  description: The releases of which only static files were here, and are no more.
  returned: success
  type: list
  elements: str
removed_pythons:
  description: The directories under C(pythons/) that were removed.
  returned: success
  type: list
  elements: str
kept:
  description: The releases that stay, each with its reason.
  returned: success
  type: dict
static_files_removed:
  description: How many static files went with them; 0 in check mode.
  returned: success
  type: int
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.accounts import group_id
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.prune import plan_for_site, prune
from ..module_utils.release.site import Site


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "keep": {"type": "int", "default": 5},
            "keep_ids": {"type": "list", "elements": "str", "default": []},
            "static_directory": {"type": "str", "default": "staticfiles"},
            "group": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    site = Site(Path(module.params["site_root"]))
    try:
        plan = plan_for_site(
            site,
            keep=module.params["keep"],
            keep_ids=module.params["keep_ids"],
            now=time.time(),
            proc=Path("/proc"),
        )
        static_files = 0
        changed = plan.changes
        if changed and not module.check_mode:
            group = group_id(module.params["group"])
            static_files = prune(site, plan, static_directory=module.params["static_directory"], group=group)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    kept = sorted(plan.keep)
    module.exit_json(
        changed=changed,
        removed=list(plan.remove),
        removed_earlier=list(plan.remove_earlier),
        removed_pythons=list(plan.remove_pythons),
        kept=dict(plan.keep),
        static_files_removed=static_files,
        diff={"before": {"releases": sorted([*kept, *plan.remove])}, "after": {"releases": kept}},
    )


if __name__ == "__main__":
    main()
