# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.database_client."""

from __future__ import annotations

DOCUMENTATION = r"""
name: database_client
short_description: Tell which client of PostgreSQL a host needs, and where it gets that from
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - The client is of the server's own major version. An older one cannot dump the database, and what a newer one dumps
    does not restore.
options:
  _input:
    description: The server's major version.
    type: int
    required: true
  distribution:
    description: The host's distribution, as C(ansible_facts.distribution).
    type: str
    required: true
  version:
    description: Its version, as C(ansible_facts.distribution_version).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show which package has the client for PostgreSQL 15
  ansible.builtin.debug:
    msg: "{{ (15 | carpentries.amy.database_client('Debian', '13.1')).package }}"
"""

RETURN = r"""
_value:
  description:
    - C(package), the package's name; C(programs), the folder of its programs on the host.
    - C(from_repository), whether the distribution's own archive lacks it; C(distribution_has), the major version that
      it has, 0 if that is not known.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.database_client import database_client as choose


def database_client(server: int | str, distribution: str, version: str) -> dict[str, Any]:
    """Return the client, as Ansible takes it."""
    client: dict[str, Any] = choose(server=int(server), distribution=distribution, version=version).as_result()
    return client


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"database_client": database_client}
