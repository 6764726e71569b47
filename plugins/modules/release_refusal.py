#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_refusal
short_description: Remember on a host that a deploy has given a release up, or that it has proved itself
version_added: 0.1.0
description:
  - A release that is marked is never what M(carpentries.amy.release_state) returns as C(previous), so that no rollback
    chooses it. Deploying it by its name remains possible.
  - A release that the deploy has not tried on this host is not marked.
options:
  id:
    description: The release's id.
    type: str
    required: true
  state:
    description: Whether the release was refused.
    type: str
    choices: [refused, accepted]
    required: true
  deploy_id:
    description: Which deploy it was; needed with O(state=refused).
    type: str
  reason:
    description: Why the release was refused.
    type: str
    default: ""
  by:
    description: Whose deploy it was.
    type: str
    default: ""
attributes:
  check_mode:
    description: Tells whether a mark would be made or removed.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
extends_documentation_fragment: [carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Remember that the release does not serve
  carpentries.amy.release_refusal:
    site_root: /webapps/amy.example.org
    id: v4.2.4-0123456789ab-89abcdef
    state: refused
    deploy_id: 20260131T120000Z-v4.2.4
    reason: "web1: Prove that it serves: GET /version/ answered 500"
    by: maria
  become: true
"""

RETURN = r"""
refused:
  description: Whether the release is marked now (in check mode, whether it would be).
  returned: success
  type: bool
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock, timestamp
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.names import require_release_id
from ..module_utils.release.refusal import Refusal, accept, refuse
from ..module_utils.release.site import Site


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["refused", "accepted"], "required": True},
            "deploy_id": {"type": "str"},
            "reason": {"type": "str", "default": ""},
            "by": {"type": "str", "default": ""},
        },
        required_if=[("state", "refused", ["deploy_id"])],
        supports_check_mode=True,
    )
    options = module.params
    site = Site(Path(options["site_root"]))
    try:
        release = require_release_id(options["id"])
        if options["state"] == "accepted":
            changed, refused = accept(site, release, dry=module.check_mode), False
        else:
            refusal = Refusal(
                time=timestamp(SystemClock().now()),
                by=options["by"],
                deploy_id=options["deploy_id"],
                reason=options["reason"],
            )
            changed = refuse(site, release, refusal, dry=module.check_mode)
            refused = changed or release in site.refusals()
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, refused=refused)


if __name__ == "__main__":
    main()
