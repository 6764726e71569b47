# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Backup: an unknown vault is AccessDeniedException on AWS, and backup_vault relies on it."""

from __future__ import annotations

from typing import Any

from moto.backup.exceptions import BackupClientError
from moto.backup.models import BackupBackend


class AccessDeniedError(BackupClientError):  # type: ignore[misc]
    """What AWS says of a vault that does not exist."""

    def __init__(self, vault: str) -> None:
        super().__init__("AccessDeniedException", f"Insufficient privileges to perform this action on {vault}.")


def install() -> None:
    """Raise AWS's error for an unknown vault."""
    describe = BackupBackend.describe_backup_vault

    def describe_backup_vault(self: BackupBackend, backup_vault_name: str) -> Any:
        if backup_vault_name not in self.vaults:
            raise AccessDeniedError(backup_vault_name)
        return describe(self, backup_vault_name)

    BackupBackend.describe_backup_vault = describe_backup_vault
