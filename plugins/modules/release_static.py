#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_static
short_description: Make the static files of an earlier release servable on a host that never had it
version_added: 0.1.0
description:
  - A page that an earlier release has rendered may be open in a browser or kept by a cache. It asks for that release's
    files by their hashed names, and a host that joined later has none of them.
  - Fetches the artifact, checks it, keeps its static files as C(static-earlier/<id>) of the site, and links them into
    C(static/). Nothing else of the release stays; it cannot be activated.
  - M(carpentries.amy.release_prune) removes them when it is time.
options:
  activated:
    description: When it was active last in the fleet; recorded, and what it is pruned by.
    type: str
    required: true
  ref:
    description: What it was deployed as; recorded.
    type: str
    default: ""
  version:
    description: What it calls itself, where that is no tag; recorded.
    type: str
    default: ""
  url:
    description: A presigned URL of the artifact.
    type: str
    required: true
extends_documentation_fragment: [carpentries.amy.release_artifact, carpentries.amy.site]
attributes:
  check_mode:
    description: Says whether the files would be fetched, and whether there is room for the artifact.
    support: full
  diff_mode:
    description: Shows the id and the checksum.
    support: full
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Serve what pages of the release before ask for
  carpentries.amy.release_static:
    site_root: /webapps/amy.example.org
    id: v4.2.3-0123456789ab-89abcdef
    commit: 0123456789abcdef0123456789abcdef01234567
    sha256: "{{ artifact.sha256 }}"
    activated: "2026-01-31T12:00:00.000Z"
    size: "{{ artifact.size }}"
    url: "{{ artifact.download_url }}"
    group: amy
  become: true
"""

RETURN = r"""
static_files:
  description: How many files can be served now that could not before; 0 in check mode.
  returned: success
  type: int
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release import earlier, stage
from ..module_utils.release.accounts import group_id
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.files import remove_tree, step_back
from ..module_utils.release.names import require_release_id
from ..module_utils.release.options import ARTIFACT_OPTIONS
from ..module_utils.release.site import KEPT, Site, free_bytes


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **ARTIFACT_OPTIONS,
            "activated": {"type": "str", "required": True},
            "ref": {"type": "str", "default": ""},
            "version": {"type": "str", "default": ""},
            "url": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    site = Site(Path(parameters["site_root"]))
    static_files = 0
    try:
        release = require_release_id(parameters["id"])
        changed = not earlier.is_there(site, release=release, sha256=parameters["sha256"])
        if changed:
            needed = stage.space_needed(size=parameters["size"], unpacked_size=parameters["unpacked_size"])
            stage.require_space(free=free_bytes(site.releases), needed=needed, site=site)
        if changed and not module.check_mode:
            static_files = fetch(site, parameters=parameters)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    described = {"static files": f"{release} ({parameters['sha256']})"}
    module.exit_json(
        changed=changed,
        static_files=static_files,
        diff={"before": {} if changed else described, "after": described},
    )


def fetch(site: Site, *, parameters: dict[str, Any]) -> int:
    """Fetch the release and keep its static files; returns how many are new."""
    step_back()
    directory = site.directory(parameters["id"])
    unpacked = stage.fetch(parameters["url"], to=directory, sha256=parameters["sha256"], sleep=time.sleep)
    try:
        return earlier.add(
            unpacked,
            site=site,
            record={name: parameters[name] for name in KEPT},
            static_directory=parameters["static_directory"],
            owner=stage.Owner(user=0, group=group_id(parameters["group"])),
        )
    finally:
        remove_tree(unpacked)


if __name__ == "__main__":
    main()
