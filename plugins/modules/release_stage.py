#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_stage
short_description: Put a built release on a host, beside the one that serves
version_added: 0.1.0
description:
  - Fetches the artifact, checks it, and unpacks it as C(releases/<id>) of the site, with its settings, its shared
    paths and its static files. The release is complete or not there at all; nothing that serves is touched.
  - A release that is there is checked and, where it was changed, healed.
  - Code belongs to root and can be read by O(group) only. O(user) can write to shared paths only.
  - Static files are hard-linked into C(static/) of the site. Of two different files of one name the first stays there;
    that matters for names without a hash only, and never for the active release, which nginx asks first.
options:
  ref:
    description: The version that was asked for; recorded.
    type: str
    required: true
  version:
    description: What the release calls itself, where O(ref) is a branch or a commit; recorded.
    type: str
    default: ""
  url:
    description: A presigned URL of the artifact.
    type: str
  file:
    description: The artifact as a file on this host.
    type: path
  python:
    description: The id of the Python that the release runs on, if it is not the distribution's; recorded.
    type: str
    default: ""
  host_kinds:
    description:
      - Which kinds of hosts the stage has for the release.
      - Recorded, so that a rollback can tell what it needs.
    type: list
    elements: str
    default: []
  environment:
    description: The application's environment.
    type: dict
    default: {}
  secrets:
    description: More of it that must not be shown.
    type: dict
    default: {}
  files:
    description:
      - Texts of files that the stage has in the release, by their paths, as settings that are read from a file.
      - They are root's, and O(group) may read them.
    type: dict
    default: {}
  shared_paths:
    description: Paths in the release that survive it, kept in C(shared/) of the site.
    type: list
    elements: str
    default: []
  user:
    description: The application's user.
    type: str
    required: true
extends_documentation_fragment: [carpentries.amy.release_artifact, carpentries.amy.site]
attributes:
  check_mode:
    description: Says whether the release would be staged or healed, and whether there is room for it.
    support: full
  diff_mode:
    description: Shows the id and the checksum, never a setting or a file.
    support: full
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Stage the release
  carpentries.amy.release_stage:
    site_root: /webapps/amy.example.org
    id: v4.2.4-0123456789ab-89abcdef
    ref: v4.2.4
    commit: 0123456789abcdef0123456789abcdef01234567
    sha256: "{{ artifact.sha256 }}"
    size: "{{ artifact.size }}"
    url: "{{ artifact.download_url }}"
    environment: {AMY_SITE_BANNER: production}
    secrets: "{{ release_secrets }}"
    shared_paths: [mediafiles]
    user: amy
    group: amy
  become: true
"""

RETURN = r"""
path:
  description: The release's directory.
  returned: success
  type: str
changes:
  description: What was changed, by name.
  returned: success
  type: list
  elements: str
  sample: [unpacked, postactivate, with-environment]
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release import stage
from ..module_utils.release.accounts import group_id, user_id
from ..module_utils.release.environment import environment_values
from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.files import step_back
from ..module_utils.release.names import require_release_id
from ..module_utils.release.options import ARTIFACT_OPTIONS
from ..module_utils.release.own_files import own_files
from ..module_utils.release.site import Site, free_bytes

RECORDED = ("id", "ref", "version", "commit", "sha256", "python", "host_kinds")


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **ARTIFACT_OPTIONS,
            "ref": {"type": "str", "required": True},
            "version": {"type": "str", "default": ""},
            "url": {"type": "str", "no_log": True},
            "file": {"type": "path"},
            "python": {"type": "str", "default": ""},
            "host_kinds": {"type": "list", "elements": "str", "default": []},
            "environment": {"type": "dict", "default": {}},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "files": {"type": "dict", "default": {}, "no_log": True},
            "shared_paths": {"type": "list", "elements": "str", "default": []},
            "user": {"type": "str", "required": True},
        },
        mutually_exclusive=[("url", "file")],
        required_one_of=[("url", "file")],
        supports_check_mode=True,
    )
    site = Site(Path(module.params["site_root"]))
    try:
        changes = (predict if module.check_mode else act)(site=site, parameters=module.params)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    staged = {"staged": f"{module.params['id']} ({module.params['sha256']})"}
    module.exit_json(
        changed=bool(changes),
        changes=changes,
        path=str(site.directory(module.params["id"])),
        diff={"before": {} if "unpacked" in changes else staged, "after": staged},
    )


def act(*, site: Site, parameters: dict[str, Any]) -> list[str]:
    """Stage or heal the release; returns what was changed."""
    release = release_of(parameters)
    owner = stage.Owner(user=user_id(parameters["user"]), group=group_id(parameters["group"]))
    changes = []
    if stage.is_staged(site, release=release.id, sha256=parameters["sha256"]):
        changes.extend(stage.finish(site.directory(release.id), site=site, release=release, owner=owner))
    else:
        require_space(site=site, parameters=parameters)
        step_back()
        partial = fetch_and_unpack(site=site, parameters=parameters)
        stage.secure(partial, owner=owner)
        changes.extend(["unpacked", *stage.finish(partial, site=site, release=release, owner=owner)])
        stage.publish(partial, to=site.directory(release.id))
    if stage.merge(site, release=release, owner=owner):
        changes.append("static files")
    return changes


def predict(*, site: Site, parameters: dict[str, Any]) -> list[str]:
    """What `act` would surely change."""
    release = release_of(parameters)
    if stage.is_staged(site, release=release.id, sha256=parameters["sha256"]):
        return stage.differences(site.directory(release.id), site=site, release=release)
    require_space(site=site, parameters=parameters)
    return ["unpacked"]


def release_of(parameters: dict[str, Any]) -> stage.Release:
    """The release that the module's parameters describe."""
    return stage.Release(
        id=require_release_id(parameters["id"]),
        record={name: parameters[name] for name in RECORDED},
        environment=environment_values({**parameters["environment"], **parameters["secrets"]}),
        shared_paths=tuple(parameters["shared_paths"]),
        static_directory=parameters["static_directory"],
        files=own_files(
            parameters["files"],
            shared_paths=parameters["shared_paths"],
            static_directory=parameters["static_directory"],
        ),
    )


def require_space(*, site: Site, parameters: dict[str, Any]) -> None:
    """Raises ReleaseError if the release would not fit."""
    needed = stage.space_needed(size=parameters["size"], unpacked_size=parameters["unpacked_size"])
    stage.require_space(free=free_bytes(site.releases), needed=needed, site=site)


def fetch_and_unpack(*, site: Site, parameters: dict[str, Any]) -> Path:
    """The unpacked release, not yet published."""
    directory, sha256 = site.directory(parameters["id"]), parameters["sha256"]
    if not parameters["file"]:
        return stage.fetch(parameters["url"], to=directory, sha256=sha256, sleep=time.sleep)
    archive = Path(parameters["file"])
    stage.require_checksum(archive, sha256=sha256)
    return stage.unpack(archive, to=directory)


if __name__ == "__main__":
    main()
