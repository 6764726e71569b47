# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.scram_verifier."""

from __future__ import annotations

DOCUMENTATION = r"""
name: scram_verifier
short_description: The form in which PostgreSQL keeps a password
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - A server that logs statements logs the form, and not the password. It is another one each time.
options:
  _input:
    description: The password.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Set a password that no log of the server shows
  community.postgresql.postgresql_user:
    name: amy_app
    password: "{{ stage_parameters.database_application_password | carpentries.amy.scram_verifier }}"
"""

RETURN = r"""
_value:
  description: The form, as RFC 5803 has it.
  type: str
"""

import os
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils.scram import verifier


def scram_verifier(password: str) -> str:
    """Return the form, with a salt of its own. Raise AnsibleFilterError for a password that has none."""
    try:
        made: str = verifier(password, salt=os.urandom(16))
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error
    return made


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"scram_verifier": scram_verifier}
