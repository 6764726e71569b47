# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way in which work on the queues fails."""

from __future__ import annotations


class QueueError(Exception):
    """The queues cannot be brought into the wanted state. `str()` says what, why and what to do next."""
