#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_activate
short_description: Make a staged release the active one
version_added: 0.1.0
description:
  - Points C(repo) of the site to the release by one atomic rename and adds a line to C(releases/history.jsonl).
  - Starts and stops nothing; programs run from the release's own path.
options:
  id:
    description: The release's id; it must be staged.
    type: str
    required: true
  deploy_id:
    description: Which deploy does it; recorded.
    type: str
    default: ""
attributes:
  check_mode:
    description: Says whether it would change, and what from.
    support: full
  diff_mode:
    description: Shows the active release before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Activate the release
  carpentries.amy.release_activate:
    site_root: /webapps/amy.example.org
    id: v4.2.4-0123456789ab-89abcdef
    deploy_id: 20260131T120000Z
  become: true
"""

RETURN = r"""
deploy_event:
  description: What the deploy report records (the host went from one release to another).
  returned: when it changed, outside check mode
  type: dict
previous:
  description: What ran before this release, with its path; null if nothing did or it is no longer staged.
  returned: success
  type: dict
  sample:
    id: v1-0123456789ab-89abcdef
    ref: v1
    commit: 0123456789abcdef0123456789abcdef01234567
    sha256: "..."
    path: /webapps/amy.example.org/releases/v1-0123456789ab-89abcdef
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils.release.activate import activate, pending_activation
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.history import previous_release, read_history
from ..module_utils.release.names import require_release_id
from ..module_utils.release.site import Site


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "id": {"type": "str", "required": True},
            "deploy_id": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    site = Site(Path(module.params["site_root"]))
    try:
        release = require_release_id(module.params["id"])
        before = site.active()
        pending = pending_activation(
            site, release=release, deploy_id=module.params["deploy_id"], now=SystemClock().now()
        )
        if pending and not module.check_mode:
            activate(site, pending)
        came_from = pending.came_from if pending else previous_release(read_history(site.history), active=release)
        previous = site.record(came_from) if came_from else None
    except ReleaseError as error:
        module.fail_json(msg=str(error))
    switched = pending is not None and not module.check_mode
    event = {"deploy_event": {"type": "host_release", "from": before, "to": release}} if switched else {}
    module.exit_json(
        changed=pending is not None,
        previous=previous,
        **event,
        diff={"before": {"active": before}, "after": {"active": release}},
    )


if __name__ == "__main__":
    main()
