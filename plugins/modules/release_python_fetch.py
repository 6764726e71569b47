#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_python_fetch
short_description: Make an artifact of a standalone Python
version_added: 0.1.0
description:
  - Lets uv download and verify a build of python-build-standalone, or O(archive), compiles its library, and packs it
    for O(path), which its files name then.
  - The same archive gives the same artifact.
  - Use it as an unprivileged user.
options:
  version:
    description: As V(3.14), the newest correction that this uv knows, or V(3.14.2). With O(archive), an exact one.
    type: str
    required: true
  path:
    description: Where hosts will have it.
    type: path
    required: true
  mirror:
    description: URL of a mirror with the layout of python-build-standalone's releases; C(file:) is a folder here.
    type: str
    default: ""
  archive:
    description: An archive with that layout's C(install_only), one folder C(python/); empty for the makers' own.
    type: dict
    suboptions:
      url:
        description: Its URL; C(file:) is a file on this host.
        type: str
        required: true
      sha256:
        description: Its checksum, hexadecimal.
        type: str
        required: true
attributes:
  check_mode:
    description: Says that it would download.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
extends_documentation_fragment: [carpentries.amy.artifact_build]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Fetch the Python that the release runs on
  carpentries.amy.release_python_fetch:
    version: "3.14"
    path: /webapps/amy.example.org/pythons/3.14-debian12-x86_64-0a1b2c3d
    output: /var/lib/release-build/python.tar.zst
    build_directory: /var/lib/release-build/python
    cache_directory: /var/lib/release-build/cache
    uv: /opt/release-tools/bin/uv
  become: true
  become_user: release-build
"""

RETURN = r"""
sha256:
  description: The checksum of the artifact.
  returned: success, outside check mode
  type: str
size:
  description: The artifact's bytes.
  returned: success, outside check mode
  type: int
unpacked_size:
  description: The bytes of what is in it.
  returned: success, outside check mode
  type: int
steps:
  description: What was done and the seconds it took.
  returned: success, outside check mode
  type: list
  elements: dict
  sample: [{name: Download Python, seconds: 3.1}]
"""

import platform
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.build_run import Built, Workplace
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.files import step_back
from ..module_utils.release.python_fetch import Archive, Wanted, fetch


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "version": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
            "output": {"type": "path", "required": True},
            "build_directory": {"type": "path", "required": True},
            "cache_directory": {"type": "path", "required": True},
            "uv": {"type": "path", "required": True},
            "mirror": {"type": "str", "default": ""},
            "archive": {
                "type": "dict",
                "options": {"url": {"type": "str", "required": True}, "sha256": {"type": "str", "required": True}},
            },
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True)
    try:
        built = fetch_python(module.params)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=True,
        sha256=built.sha256,
        size=built.size,
        unpacked_size=built.unpacked_size,
        steps=[{"name": name, "seconds": seconds} for name, seconds in built.steps],
    )


def fetch_python(parameters: dict[str, Any]) -> Built:
    """Fetch as the module's parameters say."""
    step_back()
    archive = parameters["archive"]
    return fetch(
        Wanted(
            version=parameters["version"],
            machine=platform.machine(),
            path=Path(parameters["path"]),
            archive=Archive(url=archive["url"], sha256=archive["sha256"]) if archive else None,
            mirror=parameters["mirror"],
        ),
        uv=parameters["uv"],
        workplace=Workplace(directory=Path(parameters["build_directory"]), cache=Path(parameters["cache_directory"])),
        output=Path(parameters["output"]),
    )


if __name__ == "__main__":
    main()
