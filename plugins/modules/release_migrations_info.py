#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module carpentries.amy.release_migrations_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_migrations_info
short_description: Tell which migrations a staged release knows, and which the database has
version_added: 0.1.0
description:
  - Asks the release's own Django, as the application's user. Nothing is changed.
extends_documentation_fragment: [carpentries.amy.read_only, carpentries.amy.release_program]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  other:
    description: What another release knows; RV(statements) and RV(graph) are told then.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Ask the release about its migrations
  carpentries.amy.release_migrations_info:
    path: /webapps/amy.example.org/releases/v2-0a1b2c3d4e5f-01234567
    user: amy
  register: migrations
"""

RETURN = r"""
known:
  description: Migrations that the release has, or has replaced by squashed ones, as V(app.0001_name).
  type: list
  elements: str
  returned: success
applied:
  description: Migrations that the database has, in the order in which they were applied.
  type: list
  elements: str
  returned: success
pending:
  description: Migrations of the release that the database does not have, in their order.
  type: list
  elements: str
  returned: success
newer:
  description:
    - Applied migrations that the release does not know, though it has their applications, and that were applied after
      all that it knows.
  type: list
  elements: str
  returned: success
statements:
  description: SQL of each applied migration that the other release lacks; null where it cannot be told.
  type: dict
  returned: success
migrates:
  description:
    - Whether a deploy migrates the database at this moment, maybe one whose controller has died. What is pending may be
      applied by the next one.
  type: bool
  returned: success
unread:
  description: Why the release could not say anything of the database, as its own code ended. The module fails then.
  type: str
  returned: failure
tables:
  description: The tables of the release's models.
  type: list
  elements: str
  returned: success
graph:
  description: The release's applied migrations, each after all that it depends on; empty without O(other).
  type: list
  elements: dict
  returned: success
  contains:
    name: {description: Its name., type: str}
    dependencies: {description: The migrations that it depends on., type: list, elements: str}
    replaces: {description: The migrations that it has replaced., type: list, elements: str}
    irreversible: {description: Its operations that cannot be reversed., type: list, elements: str}
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import (
    ARGUMENTS,
    NOT_RUN,
    ReleaseProgramError,
    executor,
)
from ansible_collections.carpentries.amy.plugins.module_utils.migration_facts import PROGRAM, newer, read


def main() -> None:
    """Ask the release and report its answer."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "other": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    try:
        facts = read(executor(module, PROGRAM), other=module.params["other"])
    except ReleaseProgramError as error:
        module.fail_json(msg=str(error), **({} if error.code in NOT_RUN else {"unread": str(error)}))
    module.exit_json(changed=False, newer=newer(facts), **asdict(facts))


if __name__ == "__main__":
    main()
