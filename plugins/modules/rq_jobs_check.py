#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_jobs_check
short_description: Prove that a release's code can load every waiting job
version_added: 0.1.0
description:
  - RQ stores pickled objects. A class that a release renamed or removed makes the jobs that name it impossible to load,
    and one such job that is due stops rq-scheduler altogether.
  - Loads each job that is queued, running, deferred or scheduled in the release's environment, as the application's
    user. Nothing is executed, saved or deleted, and the application's database is not used.
  - Fails if a job cannot be loaded, and names it.
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  path:
    description: Directory of the staged release.
    type: path
    required: true
  user:
    description: The user that runs the application.
    type: str
    required: true
  redis_url:
    description: URL of the Redis database that RQ uses. Without it, what django-rq reads from Django's settings.
    type: str
  queues:
    description: Names of the queues.
    type: list
    elements: str
    default: [default]
  timeout:
    description: Seconds that loading all jobs may take.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Check that the new code can load every waiting job
  carpentries.amy.rq_jobs_check:
    path: /webapps/amy.carpentries.org/releases/v4.2.4-0123456789ab-01234567
    user: amy
"""

RETURN = r"""
checked:
  description: How many jobs wait.
  type: int
  returned: success
unloadable:
  description: The jobs that cannot be loaded, with id, where (Redis key), function and error.
  type: list
  elements: dict
  returned: always
missing:
  description: Ids on a queue or schedule whose job no longer exists. RQ passes over them.
  type: list
  elements: str
  returned: success
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import ARGUMENTS

# Imported, so that it is sent to the host.
from ansible_collections.carpentries.amy.plugins.module_utils.rq import (  # pylint: disable=unused-import
    jobs_probe,  # noqa: F401
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_check import explain, probe


def main() -> None:
    """Probe, report."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "redis_url": {"type": "str", "no_log": True},
            "queues": {"type": "list", "elements": "str", "default": ["default"]},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        findings = probe(module, redis_url=options["redis_url"], queues=options["queues"], timeout=options["timeout"])
    except QueueError as error:
        module.fail_json(msg=f"The waiting jobs could not be checked: {error}", unloadable=[])
    if findings["unloadable"]:
        module.fail_json(msg=explain(findings, release=Path(options["path"]).name), **findings)
    module.exit_json(changed=False, **findings)


if __name__ == "__main__":
    main()
