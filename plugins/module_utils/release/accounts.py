# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The numbers of this host's users and groups."""

from __future__ import annotations

import grp
import pwd

from .failure import ReleaseError


def user_id(name: str) -> int:
    """The number of the user `name`. Raises ReleaseError if there is none."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise ReleaseError(f"There is no user {name} on this host. Run: make configure STAGE=<stage>") from None


def group_id(name: str) -> int:
    """The number of the group `name`. Raises ReleaseError if there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ReleaseError(f"There is no group {name} on this host. Run: make configure STAGE=<stage>") from None
