# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases for tests, and who owns them."""

from __future__ import annotations

import os
from collections.abc import Callable

from plugins.module_utils.release import stage

Staged = Callable[..., str]
OWNER = stage.Owner(user=os.getuid(), group=os.getgid())


def release_named(name: str, *, sha256: str = "", environment: dict[str, str] | None = None) -> stage.Release:
    """A release whose id begins with NAME."""
    identity = f"{name}-0123456789ab-01234567"
    return stage.Release(
        id=identity,
        record={"id": identity, "ref": name, "commit": "0" * 40, "sha256": sha256},
        environment=environment or {},
        shared_paths=("mediafiles",),
        static_directory="staticfiles",
    )
