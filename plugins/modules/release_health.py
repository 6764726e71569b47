#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: release_health
short_description: Ask a staged release its health checks on a copy of the database
version_added: 0.1.0
description:
  - Answers the health checks within the release's own Django, as the application's user, on a migrated copy of the
    database. No server is started, no e-mail is sent, and caches are kept in memory.
  - Fails if a page has the expected status and lacks the expected text, or if the application itself fails at it; a web
    host would not change that. What else differs may be due to what a web host has and this process has not, so that it
    is a warning.
extends_documentation_fragment:
  - carpentries.amy.database_server
  - carpentries.amy.health_checks
  - carpentries.amy.release_program
author:
  - The carpentries.amy contributors (@carpentries)
options:
  database:
    description: Name of the copy.
    type: str
    required: true
  release:
    description: What C({release}) stands for in a check's text.
    type: str
    required: true
  version:
    description: What C({version}) stands for where O(release) is a branch or a commit, which does not say it.
    type: str
    default: ""
attributes:
  check_mode:
    description: Asks as it does otherwise.
    support: full
seealso:
  - module: carpentries.amy.http_proof
"""

EXAMPLES = r"""
- name: Ask the release its health checks on the copy
  carpentries.amy.release_health:
    path: /webapps/amy.example.org/releases/v2-0a1b2c3d4e5f-01234567
    user: amy
    database: amy_rehearsal
    release: v2
    checks:
      - {path: /version/, host: amy.example.org, text: "{version}"}
"""

RETURN = r"""
doubts:
  description: Checks that were answered otherwise than expected, each in a sentence.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import (
    ARGUMENTS,
    SERVER,
    ReleaseProgramError,
    executor,
)
from ansible_collections.carpentries.amy.plugins.module_utils.http_proof import CHECK_OPTIONS, ProofError, check_from
from ansible_collections.carpentries.amy.plugins.module_utils.release_health import PROGRAM, check_on_copy


def main() -> None:
    """Ask, report."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "database": {"type": "str", "required": True},
            "server": SERVER,
            "checks": {"type": "list", "elements": "dict", "required": True, "options": CHECK_OPTIONS},
            "release": {"type": "str", "required": True},
            "version": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        doubts = check_on_copy(
            executor(module, PROGRAM),
            checks=[
                check_from(item, release=options["release"], version=options["version"]) for item in options["checks"]
            ],
            database=options["database"],
            server=options["server"],
        )
    except (ProofError, ReleaseProgramError) as error:
        module.fail_json(msg=str(error))
    for doubt in doubts:
        module.warn(f"On a copy of the database, {doubt}. The web hosts will decide.")
    module.exit_json(changed=False, doubts=doubts)


if __name__ == "__main__":
    main()
