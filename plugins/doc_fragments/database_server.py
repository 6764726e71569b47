# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that may work on a copy of the database on another server."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.database_server]`."""

    DOCUMENTATION = r"""
options:
  server:
    description: The server that O(database) is on, if it is not the one that the release's settings name.
    type: dict
    suboptions:
      host:
        description: Its name or address.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        default: 5432
      user:
        description: The user that owns O(database).
        type: str
        required: true
      password:
        description: That user's password.
        type: str
        required: true
"""
