#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_upload
short_description: Upload a built release by a presigned URL
version_added: 0.1.0
description:
  - Sends a file of this host by HTTP PUT. The host needs no credentials.
  - The URL is masked in all output, so that the task needs no C(no_log) and its errors can be read.
options:
  file:
    description: What to upload.
    type: path
    required: true
  url:
    description: The presigned URL, from M(carpentries.amy.release_artifact).
    type: str
    required: true
  headers:
    description: The request's headers; they are signed with the URL.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Says that it would upload.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Upload the artifact
  carpentries.amy.release_upload:
    file: /var/lib/release-build/release.tar.zst
    url: "{{ upload.upload_url }}"
    headers: "{{ upload.upload_headers }}"
"""

RETURN = r"""
seconds:
  description: How long the upload took; 0 in check mode.
  returned: success
  type: float
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.release.failure import ReleaseError
from ..module_utils.release.transfer import upload


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "file": {"type": "path", "required": True},
            "url": {"type": "str", "required": True, "no_log": True},
            "headers": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    started = time.monotonic()
    parameters = module.params
    try:
        if not module.check_mode:
            upload(Path(parameters["file"]), url=parameters["url"], headers=parameters["headers"], sleep=time.sleep)
    except (ReleaseError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, seconds=round(time.monotonic() - started, 1))


if __name__ == "__main__":
    main()
