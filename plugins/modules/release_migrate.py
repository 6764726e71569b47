#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_migrate
short_description: Migrate the database of a staged release, once
version_added: 0.1.0
description:
  - Runs the release's migrations in the release's own environment, as the application's user.
  - One advisory lock in PostgreSQL makes sure that two controllers never migrate at once.
  - A lock timeout keeps a migration from queueing behind a long transaction and stopping every request behind itself.
  - A statement that runs concurrently (C(CREATE INDEX CONCURRENTLY) and the like) stops no request, and waits up to ten
    minutes. An index that an earlier try has left invalid is dropped before it is made again.
  - Nothing of this depends on what the database's user, a pooler or the application's own pool has set.
extends_documentation_fragment: [carpentries.amy.database_server, carpentries.amy.release_program]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  commands:
    description:
      - Management commands that bring the database up to date.
      - They run in this order, whether or not a migration is pending; none if O(reverse) is given.
    type: list
    elements: str
    default: [migrate --noinput]
  lock_timeout:
    description: Seconds that a migration may wait for a lock in the database.
    type: int
    default: 5
  lock_wait:
    description: Seconds to wait while another controller migrates.
    type: int
    default: 60
  database:
    description:
      - Name of another database, a copy, in which everything happens instead; for a rehearsal.
      - The release's system checks for databases are run there, too.
    type: str
  reverse:
    description:
      - Migrations that are reversed, in this order, instead of any being applied.
      - P(carpentries.amy.reversal_plan#filter) plans them.
    type: list
    elements: str
  timeout:
    description:
      - Seconds after which the O(commands) are ended, and the module fails; V(0) for never.
      - The statement that runs then is cancelled, so that it is known what was applied.
    type: int
    default: 0
  remedy:
    description: What to do if it fails; the end of the message.
    type: str
    default: Correct the migration or the data it stumbled over, then deploy again.
attributes:
  check_mode:
    description: Can run in check mode; it then tells which migrations are pending.
    support: full
"""

EXAMPLES = r"""
- name: Migrate the database
  carpentries.amy.release_migrate:
    path: /webapps/amy.example.org/releases/v2-0a1b2c3d4e5f-01234567
    user: amy

- name: Migrate it as its owner, where the application has a user of its own
  carpentries.amy.release_migrate:
    path: /webapps/amy.example.org/releases/v2-0a1b2c3d4e5f-01234567
    user: amy
    server:
      user: amy_owner
      password: "{{ lookup('amazon.aws.ssm_parameter', '/amy/production/database_password') }}"
"""

RETURN = r"""
pending:
  description: Migrations that were not applied before, in their order.
  type: list
  elements: str
  returned: success
  sample: [workshops.0258_remove_trainingprogress_evaluated_by]
applied:
  description: Migrations that were applied.
  type: list
  elements: str
  returned: unless it has failed and they are not known
commands:
  description: The O(commands) that have run.
  type: list
  elements: str
  returned: success
  sample: [migrate --noinput, createcachetable]
evidence:
  description: What each applied migration did.
  type: list
  elements: dict
  returned: success
  contains:
    name: {description: Its name., type: str}
    statements: {description: Its SQL statements but those on rows., type: list, elements: str}
    writes: {description: "How many statements inserted, changed or deleted rows.", type: int}
    seconds: {description: How long it took., type: float}
    lost: {description: Rows of dropped tables and values in dropped columns., type: dict}
    locks: {description: Tables that others could not write meanwhile., type: list, elements: str}
seconds:
  description: How long all commands took.
  type: float
  returned: success
output:
  description: The end of what the commands printed.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import ARGUMENTS, SERVER, executor
from ansible_collections.carpentries.amy.plugins.module_utils.migrations import (
    GRACE,
    PROGRAM,
    REMEDY,
    MigrationError,
    migrate,
)


def main() -> None:
    """Run the release's migrations and report them."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "commands": {"type": "list", "elements": "str", "default": ["migrate --noinput"]},
            "lock_timeout": {"type": "int", "default": 5},
            "lock_wait": {"type": "int", "default": 60},
            "database": {"type": "str"},
            "server": SERVER,
            "reverse": {"type": "list", "elements": "str"},
            "timeout": {"type": "int", "default": 0},
            "remedy": {"type": "str", "default": REMEDY},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        migrations = migrate(
            executor(module, PROGRAM, timeout=options["timeout"] + GRACE if options["timeout"] else None),
            commands=options["commands"],
            lock_timeout=options["lock_timeout"],
            lock_wait=options["lock_wait"],
            database=options["database"],
            check_mode=module.check_mode,
            reverse=options["reverse"],
            server=options["server"],
            remedy=options["remedy"],
            timeout=options["timeout"],
        )
    except MigrationError as error:
        module.fail_json(msg=str(error), **({} if error.applied is None else {"applied": error.applied}))
    module.exit_json(
        changed=bool(migrations.pending or (options["commands"] and options["reverse"] is None)),
        pending=migrations.pending,
        applied=migrations.applied,
        commands=migrations.commands,
        output=migrations.output,
        evidence=migrations.evidence,
        seconds=migrations.seconds,
    )


if __name__ == "__main__":
    main()
