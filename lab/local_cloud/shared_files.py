# SPDX-License-Identifier: GPL-3.0-or-later
"""EFS's file systems are folders of this computer, which every instance has; a stand-in for mount.nfs4 binds them."""

from __future__ import annotations

import json
import shutil
from typing import Any

from moto.efs.models import EFSBackend, efs_backends

from .service import World, after
from .settings import Settings


class SharedFiles:
    """Keeps a folder for each file system, and the names by which instances reach those that have a mount target."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._written: dict[str, str] | None = None

    def install(self) -> None:
        """Listen for the end of a file system."""
        after(EFSBackend, ["delete_file_system"], self._forget)

    def after_replay(self) -> None:
        """Create the folders that the replay has brought back, before an instance looks for one."""
        self.tick()

    def tick(self) -> None:
        """Write down the names if they have changed."""
        systems = efs_backends[self._settings.account][self._settings.region].file_systems_by_id
        self._settings.shared_files.mkdir(parents=True, exist_ok=True)
        for identifier in systems:
            (self._settings.shared_files / identifier).mkdir(mode=0o755, exist_ok=True)
        names = {self._name(identifier): identifier for identifier, system in systems.items() if _is_reachable(system)}
        if names != self._written:
            draft = self._settings.shared_files / "names.draft"
            draft.write_text(json.dumps(names))
            draft.rename(self._settings.shared_files / "names.json")
            self._written = names

    def close(self) -> None:
        """Remove all contents."""
        shutil.rmtree(self._settings.shared_files, ignore_errors=True)

    def _name(self, identifier: str) -> str:
        return f"{identifier}.efs.{self._settings.region}.amazonaws.com"

    def _forget(self, _name: str, _backend: Any, _result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._world.replaying:
            identifier = kwargs.get("file_system_id") or args[0]
            shutil.rmtree(self._settings.shared_files / str(identifier), ignore_errors=True)


def _is_reachable(system: Any) -> bool:
    return bool(system.number_of_mount_targets)
