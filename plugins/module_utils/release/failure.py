# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way in which a step of a release fails."""

from __future__ import annotations


class ReleaseError(Exception):
    """A step of a release cannot be done. `str()` says what, why and which command to run next."""
