# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a staged release the active one: one atomic rename of a symbolic link, and one line in the history."""

from __future__ import annotations

import os
from datetime import datetime

from .._clock import timestamp
from .failure import ReleaseError
from .files import fsync_directory
from .history import Activation, append_activation, read_history
from .site import Site


def pending_activation(site: Site, *, release: str, deploy_id: str, now: datetime) -> Activation | None:
    """What the history must still say so that `release` is active; None if it is, and says so.

    A run that died between the link and its line is caught up with: then the link is right and the line is missing.
    Raises ReleaseError if `release` is not staged here.
    """
    if site.record(release) is None:
        staged = ", ".join(site.staged()) or "none"
        raise ReleaseError(
            f"{site.directory(release)} is not a complete release; staged here: {staged}. "
            f"Stage it first by deploying it, or choose one that is staged: ls -1 {site.releases}"
        )
    history = read_history(site.history)
    recorded = history[-1].to if history else None
    active = site.active()
    if active == release == recorded:
        return None
    came_from = recorded if active == release else active
    return Activation(time=timestamp(now), came_from=came_from, to=release, deploy_id=deploy_id)


def activate(site: Site, activation: Activation) -> None:
    """Point the link to the release, then write the history; both are on the disk when it returns."""
    new = site.link.with_name(f".{site.link.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    # Relative, so that the tree means the same wherever it is mounted.
    new.symlink_to(os.path.relpath(site.directory(activation.to), site.root))
    new.rename(site.link)
    fsync_directory(site.root)
    append_activation(site.history, activation)
