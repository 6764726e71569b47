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
  - Loads each job that is queued, running, deferred, scheduled or failed in the release's environment, as the
    application's user. Nothing is executed, saved or deleted, and the application's database is not used.
  - Fails if django-rq's settings in the release do not have O(queues), and only these, in the Redis database of
    O(redis_url); where it has no such settings, nothing is known of that.
  - Fails if a job that waits cannot be loaded, says when it is due, and names the commands that fit. A failed job does
    not run by itself, and is only named.
extends_documentation_fragment:
  - carpentries.amy.public
  - carpentries.amy.read_only
  - carpentries.amy.release_program
  - carpentries.amy.rq_queues
author:
  - The carpentries.amy contributors (@carpentries)
options:
  redis_url:
    description: URL of the Redis database that RQ uses. Without it, what django-rq reads from Django's settings.
    type: str
  timeout:
    description: Seconds that loading all jobs may take.
    type: int
    default: 300
  names:
    description:
      - Jobs for which the module does not fail, by their ids or functions; V(all) stands for all of them. They are
        returned, so that M(carpentries.amy.rq_jobs_aside) can move them.
    type: list
    elements: str
    default: []
  refuse:
    description: Whether the module fails for other queues, and for the other jobs that cannot be loaded.
    type: bool
    default: true
  stage:
    description: Name of the stage, for the commands in messages.
    type: str
    required: true
  version:
    description: What the release was asked for as, for the commands in messages.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check that the new code can load every waiting job
  carpentries.amy.rq_jobs_check:
    path: /webapps/amy.carpentries.org/releases/v4.2.4-0123456789ab-01234567
    user: amy
    stage: production
    version: v4.2.4
"""

RETURN = r"""
checked:
  description: How many jobs wait.
  type: int
  returned: success
unloadable:
  description:
    - The waiting jobs that cannot be loaded and are not among O(names), with id, where (Redis keys), at (the Unix time
      of a scheduled one, null for others), function and error.
  type: list
  elements: dict
  returned: always
unloadable_ids:
  description: Ids of the jobs among O(names) that cannot be loaded, waiting or failed, and that no worker has in hand.
  type: list
  elements: str
  returned: success
named_ids:
  description: Ids of all jobs among O(names) that no worker has in hand.
  type: list
  elements: str
  returned: success
failed:
  description: How many jobs have failed.
  type: int
  returned: success
lines:
  description: All jobs as text, a line for those that have state, function and error in common.
  type: list
  elements: str
  returned: success
notes:
  description: What there is to say about jobs that cannot be loaded.
  type: list
  elements: str
  returned: success
missing:
  description: Ids on a queue or schedule whose job no longer exists. RQ passes over them.
  type: list
  elements: str
  returned: success
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import ARGUMENTS

# Imported, so that it is sent to the host.
from ansible_collections.carpentries.amy.plugins.module_utils.rq import (  # pylint: disable=unused-import
    jobs_probe,  # noqa: F401
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.application import queues_refusal, release_queues
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import QUEUES_OPTIONS
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_check import probe
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_report import (
    FoundJob,
    explain,
    failed_lines,
    found_jobs,
    lines,
    movable,
    refused,
)


def results(jobs: list[FoundJob], *, names: list[str], **target: str) -> dict[str, Any]:
    """What is returned of the jobs unless they stop the release; `target` is for the messages."""
    named, stopping = movable(jobs, names=names), refused(jobs, accepted=names)
    return {
        "checked": sum(job.waits for job in jobs),
        "failed": sum(not job.waits for job in jobs),
        "unloadable": [asdict(job) for job in stopping],
        "unloadable_ids": [job.id for job in named if job.error],
        "named_ids": [job.id for job in named],
        "lines": lines(jobs),
        "notes": [*lines(stopping), *failed_lines(jobs, **target)],  # pylint: disable=missing-kwoa
    }


def main() -> None:
    """Probe, report."""
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "redis_url": {"type": "str", "no_log": True},
            **QUEUES_OPTIONS,
            "timeout": {"type": "int", "default": 300},
            "names": {"type": "list", "elements": "str", "default": []},
            "refuse": {"type": "bool", "default": True},
            "stage": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        order = {"redis_url": options["redis_url"], "queues": options["queues"]}
        answer = probe(module, order=order, timeout=options["timeout"])
    except QueueError as error:
        module.fail_json(msg=f"The waiting jobs could not be checked: {error}", unloadable=[])
    if options["refuse"]:
        wanted, where = options["queues"], {"database": answer["database"], "stage": options["stage"]}
        if refusal := queues_refusal(release_queues(answer), wanted=wanted, **where):
            module.fail_json(msg=refusal, unloadable=[])
    jobs, names = found_jobs(answer), options["names"]
    target = {"release": Path(options["path"]).name, "stage": options["stage"], "version": options["version"]}
    stopping = refused(jobs, accepted=names)
    if stopping and options["refuse"]:
        message = explain(jobs, accepted=names, now=time.time(), **target)
        module.fail_json(msg=message, unloadable=[asdict(job) for job in stopping])
    module.exit_json(changed=False, missing=answer["missing"], **results(jobs, names=names, **target))


if __name__ == "__main__":
    main()
