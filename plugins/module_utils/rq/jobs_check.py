# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running `jobs_probe` in a release, as the application's user, and putting its findings into words."""

from __future__ import annotations

import pkgutil
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils._release_program import (
    TIMED_OUT,
    ReleaseProgramError,
    ask,
    executor,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.failure import QueueError

SHOWN_JOBS = 10


def probe(module: Any, *, redis_url: str | None, queues: list[str], timeout: int) -> dict[str, Any]:
    """What `jobs_probe` finds with the code of the release that the module's options name; `timeout` is seconds.

    The URL goes by standard input: it is a secret. Raises QueueError if the release cannot run it.
    """
    source = pkgutil.get_data(__name__.rpartition(".")[0], "jobs_probe.py")
    if source is None:
        raise QueueError("The module was sent without its script jobs_probe.py. Install the collection again.")
    try:
        program = executor(module, source.decode(), timeout=timeout)
        findings: dict[str, Any] = ask(program, {"redis_url": redis_url, "queues": queues})
    except ReleaseProgramError as error:
        if error.code == TIMED_OUT:
            slow = f"Loading the jobs took longer than {timeout} seconds. Is Redis slow, or the host?"
            raise QueueError(slow) from None
        raise QueueError(str(error)) from error
    return findings


def explain(findings: dict[str, Any], *, release: str) -> str:
    """What to tell the operator about jobs that `release` cannot load."""
    unloadable = findings["unloadable"]
    jobs = [f"{job['id']} ({job['function']}, in {job['where']}): {job['error']}" for job in unloadable[:SHOWN_JOBS]]
    if len(unloadable) > SHOWN_JOBS:
        jobs.append(f"and {len(unloadable) - SHOWN_JOBS} more")
    return (
        f"The release {release} cannot load {len(unloadable)} of {findings['checked']} waiting jobs and would lose "
        "them: "
        + "; ".join(jobs)
        + ". Nothing has been changed. Let the running release work these jobs off and run the same command again, "
        "or deploy a release that still has the names they were stored with (an alias is enough)."
    )
