#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_artifact
short_description: Find, download, upload and record a built release in the stage's bucket
version_added: 0.1.0
description:
  - An artifact is C(<prefix>/<commit>-<platform>.tar.zst) with a manifest C(.json) beside it. The manifest is written
    last, so an artifact without one does not exist.
  - Hosts transfer it by presigned URLs and need no credentials. A URL is a secret for as long as it is valid, so tasks
    with O(state=download) or O(state=upload) need C(no_log=true). They only sign and ask AWS nothing; the states
    that ask return no secret, so that their errors can be read.
  - Runs on the controller.
options:
  state:
    description:
      - V(query) only looks; without O(platform), for the artifact of O(sha256), for whatever machines it is built.
      - V(download) gives a URL to download the artifact.
      - V(upload) gives a URL and the headers to upload an artifact of O(sha256).
      - V(complete) checks what was uploaded against O(sha256) and O(size), and records it.
    type: str
    choices: [query, download, upload, complete]
    default: query
  bucket:
    description: Name of the bucket.
    type: str
    required: true
  prefix:
    description: Where in the bucket artifacts are.
    type: str
    default: artifacts
  commit:
    description: The full commit id of the source; of a Python, C(python-) and its version.
    type: str
    required: true
  platform:
    description: For what machines and by what recipe it is built. Needed unless O(state=query).
    type: str
  sha256:
    description: The checksum of the archive, hexadecimal.
    type: str
  size:
    description: The archive's bytes.
    type: int
  unpacked_size:
    description: The bytes of what is in the archive.
    type: int
    default: 0
  python:
    description: The id of the Python that the release runs on, if it is not the distribution's; recorded.
    type: str
    default: ""
  expires:
    description: Seconds for which URLs are valid.
    type: int
    default: 900
  signing_endpoint_url:
    description: The URL of S3 as hosts reach it, if it is not AWS's own.
    type: str
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.bucket_encryption]
attributes:
  check_mode:
    description: V(complete) checks and does not record.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Look for the artifact
  carpentries.amy.release_artifact:
    bucket: amy-production-releases
    commit: "{{ release_resolved.commit }}"
    platform: debian12-x86_64-0a1b2c3d
  delegate_to: localhost

- name: Look for the artifact of a release that another host has
  carpentries.amy.release_artifact:
    bucket: amy-production-releases
    commit: "{{ record.commit }}"
    sha256: "{{ record.sha256 }}"
  delegate_to: localhost

- name: Let a host download it
  carpentries.amy.release_artifact:
    state: download
    bucket: amy-production-releases
    commit: "{{ release_resolved.commit }}"
    platform: debian12-x86_64-0a1b2c3d
  delegate_to: localhost
  no_log: true

- name: Record the uploaded artifact
  carpentries.amy.release_artifact:
    state: complete
    bucket: amy-production-releases
    commit: "{{ release_resolved.commit }}"
    platform: debian12-x86_64-0a1b2c3d
    sha256: "{{ built.sha256 }}"
    size: "{{ built.size }}"
  delegate_to: localhost
"""

RETURN = r"""
exists:
  description: Whether the artifact is complete.
  returned: when O(state=query) or O(state=complete)
  type: bool
key:
  description: The object's key.
  returned: when it exists or O(platform) is given
  type: str
platform:
  description: For what machines and by what recipe it is built.
  returned: when it exists
  type: str
sha256:
  description: The checksum of the archive.
  returned: when it exists
  type: str
size:
  description: The archive's bytes.
  returned: when it exists
  type: int
unpacked_size:
  description: The bytes of what is in it.
  returned: when it exists
  type: int
python:
  description: The id of the Python that the release runs on; empty if it is the distribution's.
  returned: when it exists
  type: str
download_url:
  description: A URL that gives the archive. Secret.
  returned: when O(state=download)
  type: str
upload_url:
  description: A URL to which the archive is PUT. Secret.
  returned: when O(state=upload)
  type: str
upload_headers:
  description: The headers of that request, all of them.
  returned: when O(state=upload)
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.release.artifact import ArtifactStore, Encryption, Manifest, signing_client
from ..module_utils.release.failure import ReleaseError


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["query", "download", "upload", "complete"], "default": "query"},
            "bucket": {"type": "str", "required": True},
            "prefix": {"type": "str", "default": "artifacts"},
            "commit": {"type": "str", "required": True},
            "platform": {"type": "str"},
            "sha256": {"type": "str"},
            "size": {"type": "int"},
            "unpacked_size": {"type": "int", "default": 0},
            "python": {"type": "str", "default": ""},
            "expires": {"type": "int", "default": 900},
            "signing_endpoint_url": {"type": "str"},
            "encryption": {"type": "str", "choices": ["AES256", "aws:kms"], "default": "AES256"},
            "kms_key": {"type": "str", "default": "", "no_log": False},
            **aws.CONNECTION_OPTIONS,
        },
        required_if=[
            ("state", "download", ["platform"]),
            ("state", "upload", ["platform", "sha256"]),
            ("state", "complete", ["platform", "sha256", "size"]),
        ],
        required_one_of=[("platform", "sha256")],
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    act = {"query": query, "download": download, "upload": upload, "complete": complete}[module.params["state"]]
    try:
        result = act(store=store_of(module.params), parameters=module.params, check_mode=module.check_mode)
    except (aws.AwsError, ReleaseError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def store_of(parameters: dict[str, Any]) -> ArtifactStore:
    """The artifacts of the module's bucket."""
    client = aws.client(service="s3", parameters=parameters)
    endpoint_url = parameters["signing_endpoint_url"] or parameters["endpoint_url"]
    return ArtifactStore(
        client=client,
        signer=signing_client(region=parameters["region"], endpoint_url=endpoint_url),
        bucket=parameters["bucket"],
        prefix=parameters["prefix"],
        expires=parameters["expires"],
        encryption=Encryption(algorithm=parameters["encryption"], kms_key=parameters["kms_key"]),
    )


def query(*, store: ArtifactStore, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Whether the artifact is complete."""
    if not parameters["platform"]:
        manifest = store.find_by_checksum(commit=parameters["commit"], sha256=parameters["sha256"])
        return {"changed": False, **(facts(manifest) if manifest else {"exists": False})}
    key = store.key(commit=parameters["commit"], platform=parameters["platform"])
    manifest = store.find(key)
    if manifest is None:
        return {"changed": False, "exists": False, "key": key}
    return {"changed": False, **facts(manifest)}


def download(*, store: ArtifactStore, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """How to download the artifact."""
    key = store.key(commit=parameters["commit"], platform=parameters["platform"])
    return {"changed": False, "key": key, "download_url": store.download_url(key)}


def upload(*, store: ArtifactStore, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """How to upload the artifact."""
    key = store.key(commit=parameters["commit"], platform=parameters["platform"])
    how = store.upload(key, sha256=parameters["sha256"])
    return {"changed": False, "key": key, "upload_url": how.url, "upload_headers": how.headers}


def complete(*, store: ArtifactStore, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Record the uploaded artifact, unless the same is recorded already."""
    wanted = Manifest(
        key=store.key(commit=parameters["commit"], platform=parameters["platform"]),
        commit=parameters["commit"],
        platform=parameters["platform"],
        sha256=parameters["sha256"],
        size=parameters["size"],
        unpacked_size=parameters["unpacked_size"],
        python=parameters["python"],
    )
    changed = store.find(wanted.key) != wanted
    if changed and not check_mode:
        store.complete(wanted)
    return {"changed": changed, **facts(wanted)}


def facts(manifest: Manifest) -> dict[str, Any]:
    """What is returned of a complete artifact."""
    return {
        "exists": True,
        "key": manifest.key,
        "platform": manifest.platform,
        "sha256": manifest.sha256,
        "size": manifest.size,
        "unpacked_size": manifest.unpacked_size,
        "python": manifest.python,
    }


if __name__ == "__main__":
    main()
