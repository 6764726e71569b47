# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that may log in to the database otherwise than the application does."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.database_server]`."""

    DOCUMENTATION = r"""
options:
  server:
    description:
      - How to log in to the database, if not as the release's settings say. The database's owner may do what the
        application may not; a copy may be on another server.
      - It is given to this one program. Nothing of it is in the environment of the application.
    type: dict
    suboptions:
      host:
        description: Name or address of the server, if it is another than the settings'.
        type: str
      port:
        description: Its port, if it is another than the settings'.
        type: int
      user:
        description: The user that owns the database.
        type: str
        required: true
      password:
        description: That user's password.
        type: str
        required: true
"""
