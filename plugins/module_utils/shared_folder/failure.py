# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stops the move of a folder."""

from __future__ import annotations


class SharedFolderError(Exception):
    """The folder could not be shared; the message says why, what it is now, and what to run next."""
