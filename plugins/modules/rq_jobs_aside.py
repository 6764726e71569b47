#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rq_jobs_aside
short_description: Move jobs out of RQ's queues, schedules and registries, and back
version_added: 0.1.0
description:
  - A job that a release cannot load fails, and when it is due it stops rq-scheduler. Moved aside it does neither, and
    is kept whole in the stage's bucket, in a file for all jobs that were moved together.
  - V(aside) writes the file, reads it back, and then takes each job out in one transaction; what has been worked off
    or changed meanwhile is left. Hold the queues and the scheduler's lock before, or a tick in flight may enqueue a job
    that is being moved.
  - V(restored) puts each job of a file back where it was, at the head of its queue or at its time in the schedule, if
    the running release can load it. None is put back twice. A job whose time has passed runs at once.
  - V(forgotten) removes what Redis knows of a file. The controller, which alone may delete in the bucket, removes the
    file.
  - Runs on a host that may write and read backups in the bucket. What is in a job is never returned.
extends_documentation_fragment: [carpentries.amy.bucket_encryption, carpentries.amy.rq_queues, carpentries.amy.rq_redis]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  state:
    description: Where the jobs are to be.
    type: str
    choices: [aside, restored, forgotten]
    default: aside
  name:
    description: Name of the file, without its folder and its ending.
    type: str
    required: true
  jobs:
    description: Ids of the jobs to move aside.
    type: list
    elements: str
    default: []
  bucket:
    description: The stage's bucket. Needed unless O(state=forgotten).
    type: str
  prefix:
    description: The folder of the files in the bucket.
    type: str
    default: backups/jobs
  path:
    description: Directory of the running release, which must be able to load what is put back. Needed for V(restored).
    type: path
  user:
    description: The user that runs the application. Needed for V(restored).
    type: str
  timeout:
    description: Seconds that loading the jobs may take.
    type: int
    default: 300
  region:
    description: The AWS region. By default that of E(AWS_REGION) or E(AWS_DEFAULT_REGION).
    type: str
  endpoint_url:
    description: Where the AWS API is as the host sees it, when it is not AWS's own (the local stage).
    type: str
requirements:
  - boto3
attributes:
  check_mode:
    description: Says which jobs it would move.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Move jobs aside that the new code cannot load
  carpentries.amy.rq_jobs_aside:
    name: 20260331T120000Z-jobs
    jobs: "{{ found.unloadable_ids }}"
    redis_url: "{{ rq_redis_url }}"
    bucket: amy-production-releases

- name: Put them back
  carpentries.amy.rq_jobs_aside:
    state: restored
    name: 20260331T120000Z-jobs
    redis_url: "{{ rq_redis_url }}"
    bucket: amy-production-releases
    path: /webapps/amy.carpentries.org/repo
    user: amy
"""

RETURN = r"""
ids:
  description: Ids of the jobs that were moved.
  type: list
  elements: str
  returned: success
left:
  description: Why each of the other jobs was not moved, by its id.
  type: dict
  returned: success
overdue:
  description: Ids of the restored jobs whose time has passed. They run at once.
  type: list
  elements: str
  returned: success
kept:
  description: The file's URL; empty if no job was moved aside.
  type: str
  returned: success
"""

import time
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.carpentries.amy.plugins.module_utils import _aws_client as aws

# Imported, so that it is sent to the host.
from ansible_collections.carpentries.amy.plugins.module_utils.rq import (  # pylint: disable=unused-import
    jobs_probe,  # noqa: F401
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside import ASIDE_PREFIX, KeptJob
from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside_move import Moved, move_aside, restore
from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside_store import AsideStore
from ansible_collections.carpentries.amy.plugins.module_utils.rq.connection import (
    CONNECTION_OPTIONS,
    QUEUES_OPTIONS,
    RedisError,
    connect,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_check import probe
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore


def ensure(module: AnsibleModule) -> dict[str, Any]:
    """Move the jobs; what a result shows of it. Raises QueueError."""
    options = module.params
    client, name = connect(url=options["redis_url"]), options["name"]
    if options["state"] == "forgotten":
        there = bool(client.exists(ASIDE_PREFIX + name))
        if there and not module.check_mode:
            client.delete(ASIDE_PREFIX + name)
        return {"changed": there, **asdict(Moved())}
    files = AsideStore(
        client=aws.client(service="s3", parameters=options),
        **{field: options[field] for field in ("bucket", "prefix", "encryption", "kms_key")},
    )
    if options["state"] == "restored":

        def errors(jobs: list[KeptJob]) -> dict[str, str]:
            kept = [{"id": job.id, "data": job.field("data"), "meta": job.field("meta")} for job in jobs]
            found: dict[str, str] = probe(module, order={"kept": kept}, timeout=options["timeout"])["errors"]
            return found

        moved = restore(
            client=client, files=files, name=name, errors=errors, now=time.time(), check_mode=module.check_mode
        )
    else:
        store = RqStore(client=client, queues=options["queues"], now=time.time)
        if module.check_mode:
            there = store.places()
            moved = Moved(ids=[job for job in options["jobs"] if job in there])
        else:
            made = datetime.now(timezone.utc).isoformat(timespec="seconds")
            moved = move_aside(client=client, store=store, files=files, name=name, jobs=options["jobs"], made=made)
    return {"changed": bool(moved.ids), **asdict(moved)}


def main() -> None:
    """Move, report."""
    module = AnsibleModule(
        argument_spec={
            **CONNECTION_OPTIONS,
            **aws.CONNECTION_OPTIONS,
            "state": {"type": "str", "choices": ["aside", "restored", "forgotten"], "default": "aside"},
            "name": {"type": "str", "required": True},
            "jobs": {"type": "list", "elements": "str", "default": []},
            **QUEUES_OPTIONS,
            "bucket": {"type": "str"},
            "prefix": {"type": "str", "default": "backups/jobs"},
            "encryption": {"type": "str", "choices": ["AES256", "aws:kms"], "default": "AES256"},
            "kms_key": {"type": "str", "default": "", "no_log": False},
            "path": {"type": "path"},
            "user": {"type": "str"},
            "timeout": {"type": "int", "default": 300},
        },
        required_if=[("state", "aside", ["bucket"]), ("state", "restored", ["bucket", "path", "user"])],
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    try:
        result = ensure(module)
    except (QueueError, RedisError, aws.AwsError) as error:
        module.fail_json(msg=f"The jobs are not {module.params['state']}: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
