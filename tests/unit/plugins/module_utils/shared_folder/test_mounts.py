# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from plugins.module_utils.shared_folder.mounts import Mount, mount_at

MOUNTINFO = """\
22 1 202:1 / / rw,relatime shared:1 - ext4 /dev/xvda1 rw,discard
30 22 0:44 / /srv/with\\040blank rw - tmpfs none rw
31 22 0:45 / /webapps/x/shared rw,relatime shared:9 - tmpfs below rw
32 31 0:46 / /webapps/x/shared rw,relatime shared:9 - nfs4 fs-1.efs.us-east-1.amazonaws.com:/ rw,vers=4.1
"""


@pytest.mark.parametrize(
    ("folder", "mount"),
    [
        ("/", Mount("ext4", "/dev/xvda1")),
        ("/srv/with blank", Mount("tmpfs", "none")),
        ("/webapps/x/shared", Mount("nfs4", "fs-1.efs.us-east-1.amazonaws.com:/")),
        ("/webapps/x", None),
    ],
)
def test_the_mount_on_top_counts(folder: str, mount: Mount | None) -> None:
    assert mount_at(Path(folder), mountinfo=MOUNTINFO) == mount
