#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_python
short_description: Put a standalone Python on a host, for releases to run on
version_added: 0.1.0
description:
  - Downloads, verifies and unpacks the artifact that M(carpentries.amy.release_python_fetch) has made into
    C(<site root>/pythons/<id>), complete or not there at all. It belongs to root, and all may read it.
  - A Python that is there is never replaced, for releases may run on it. M(carpentries.amy.release_prune) removes it
    with the last of them.
  - The URL is masked in all output, so that the task needs no C(no_log) and its errors can be read.
options:
  id:
    description: The Python's id, C(<version>-<platform>-<8 digits of its settings>).
    type: str
    required: true
  sha256:
    description: The checksum of the artifact.
    type: str
    required: true
  size:
    description: The artifact's bytes.
    type: int
    required: true
  unpacked_size:
    description: The bytes of what is in it.
    type: int
    default: 0
  url:
    description: A presigned URL of the artifact.
    type: str
    required: true
attributes:
  check_mode:
    description: Says whether it would unpack.
    support: full
  diff_mode:
    description: Shows the Pythons before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Stage the Python that the release runs on
  carpentries.amy.release_python:
    site_root: /webapps/amy.example.org
    id: 3.14-debian12-x86_64-0a1b2c3d
    sha256: "{{ artifact.sha256 }}"
    size: "{{ artifact.size }}"
    unpacked_size: "{{ artifact.unpacked_size }}"
    url: "{{ download.download_url }}"
  become: true
"""

RETURN = r"""
path:
  description: Where it is.
  returned: success
  type: str
  sample: /webapps/amy.example.org/pythons/3.14-debian12-x86_64-0a1b2c3d
"""

import os
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release import pythons, stage
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.files import step_back
from ..module_utils.release.site import PYTHON_RECORD, Site, free_bytes


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "id": {"type": "str", "required": True},
            "sha256": {"type": "str", "required": True},
            "size": {"type": "int", "required": True},
            "unpacked_size": {"type": "int", "default": 0},
            "url": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    site = Site(Path(parameters["site_root"]))
    before = sorted(site.python_records())
    try:
        python = pythons.require_python_id(parameters["id"])
        changed = not pythons.is_staged(site, python=python, sha256=parameters["sha256"])
        if not changed and not module.check_mode:
            # A release is about to be staged for it: what is fresh is left alone by the prune of another deploy.
            os.utime(site.python(python) / PYTHON_RECORD)
        if changed:
            needed = stage.space_needed(size=parameters["size"], unpacked_size=parameters["unpacked_size"])
            stage.require_space(free=free_bytes(site.pythons), needed=needed, site=site, what="the Python")
        if changed and not module.check_mode:
            step_back()
            pythons.stage_python(
                parameters["url"], site=site, python=python, sha256=parameters["sha256"], sleep=time.sleep
            )
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=changed,
        path=str(site.python(python)),
        diff={"before": {"pythons": before}, "after": {"pythons": sorted({*before, python})}},
    )


if __name__ == "__main__":
    main()
