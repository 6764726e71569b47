# SPDX-License-Identifier: GPL-3.0-or-later
"""EFS: moto cannot switch the backups of a file system on or off."""

from __future__ import annotations

import json

from moto.efs.models import EFSBackend
from moto.efs.responses import EFSResponse


def install() -> None:
    """Answer PutBackupPolicy, which moto does not know."""

    def put_backup_policy(self: EFSResponse) -> tuple[str, dict[str, str | int]]:
        backend: EFSBackend = self.efs_backend
        policy = self._get_param("BackupPolicy")
        system = backend.describe_file_systems(file_system_id=self._get_param("FileSystemId"))[1][0]
        system._backup = policy["Status"] == "ENABLED"
        return json.dumps({"BackupPolicy": policy}), {"Content-Type": "application/json"}

    EFSResponse.put_backup_policy = put_backup_policy
