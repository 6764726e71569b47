#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_state
short_description: Tell which releases a host has and which is active
version_added: 0.1.0
description:
  - Only reads.
extends_documentation_fragment: [carpentries.amy.public, carpentries.amy.read_only, carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: See what runs here
  carpentries.amy.release_state:
    site_root: /webapps/amy.example.org
  become: true
  register: state
"""

RETURN = r"""
active:
  description: The active release; null if there is none.
  returned: success
  type: dict
  sample:
    id: v1-0123456789ab-89abcdef
    ref: v1
    commit: 0123456789abcdef0123456789abcdef01234567
    sha256: "..."
    path: /webapps/amy.example.org/releases/v1-0123456789ab-89abcdef
activated_by:
  description: Id of the deploy that has made it the active one; null if the history does not tell.
  returned: success
  type: str
  sample: 20260131T115900Z-v1
previous:
  description:
    - What ran before it, without what was refused; null if nothing did or it is no longer staged.
  returned: success
  type: dict
  sample:
    id: v1-0123456789ab-89abcdef
    ref: v1
    commit: 0123456789abcdef0123456789abcdef01234567
    sha256: "..."
    path: /webapps/amy.example.org/releases/v1-0123456789ab-89abcdef
staged:
  description: The ids of all complete releases.
  returned: success
  type: list
  elements: str
kept:
  description:
    - The releases whose static files the host serves. C(activated) is when each became active last, null if it
      never did; of those that never were here, what M(carpentries.amy.release_static) was told.
  returned: success
  type: list
  elements: dict
  sample:
    - id: v1-0123456789ab-89abcdef
      ref: v1
      version: ""
      commit: 0123456789abcdef0123456789abcdef01234567
      sha256: "..."
      activated: "2026-01-31T12:00:00.000Z"
refused:
  description: Who has given up which of them, when and why, by id; see M(carpentries.amy.release_refusal).
  returned: success
  type: dict
  sample:
    v2-0123456789ab-89abcdef:
      {time: "2026-01-31T12:00:00.000Z", by: maria, deploy_id: 20260131T115900Z-v2, reason: "web1: It answers 500"}
free_bytes:
  description: What can still be written to the site's file system.
  returned: success
  type: int
lacks_shared_files:
  description: Whether what belongs over C(shared/) is not mounted; see M(carpentries.amy.shared_folder).
  returned: success
  type: bool
maintenance:
  description: Whether the maintenance page is on.
  returned: success
  type: bool
maintenance_for_deploy:
  description: Whether it is a deploy that has switched it on.
  returned: success
  type: bool
maintenance_until:
  description: When it is planned to be off again; null if that is not set, or is over.
  returned: success
  type: str
  sample: "2026-01-31T15:30:00.000Z"
platform:
  description: For what machines an artifact must be built to run here.
  returned: success
  type: str
  sample: debian12-x86_64
paused:
  description: Whether requests wait there, or a pause of them has not ended; see M(carpentries.amy.request_hold).
  returned: success
  type: bool
pythons:
  description: The distribution's Pythons, full version to path.
  returned: success
  type: dict
  sample: {3.11.2: /usr/bin/python3.11}
"""

import platform
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.pythons import distribution_pythons
from ..module_utils.release.site import Site, platform_name, site_state
from ..module_utils.request_hold import is_unfinished

OS_RELEASE = Path("/etc/os-release")
REQUEST_HOLD = Path("/run/request-hold")


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec={"site_root": {"type": "path", "required": True}}, supports_check_mode=True)
    try:
        state = site_state(Site(Path(module.params["site_root"])))
        name = platform_name(OS_RELEASE.read_text(), machine=platform.machine())
    except ReleaseError as error:
        module.fail_json(msg=str(error))
    paused = is_unfinished(REQUEST_HOLD)
    module.exit_json(changed=False, **state, paused=paused, platform=name, pythons=distribution_pythons())


if __name__ == "__main__":
    main()
