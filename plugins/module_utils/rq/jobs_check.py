# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running `jobs_probe` in a release, as the application's user."""

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


def probe(module: Any, *, order: dict[str, Any], timeout: int) -> dict[str, Any]:
    """What `jobs_probe` answers to an order in the release that the module's options name; `timeout` is seconds.

    The order goes by standard input: it holds secrets. Raises QueueError if the release cannot run it.
    """
    source = pkgutil.get_data(__name__.rpartition(".")[0], "jobs_probe.py")
    if source is None:
        raise QueueError("The module was sent without its script jobs_probe.py. Install the collection again.")
    try:
        answer: dict[str, Any] = ask(executor(module, source.decode(), timeout=timeout), order)
    except ReleaseProgramError as error:
        if error.code == TIMED_OUT:
            slow = f"Loading the jobs took longer than {timeout} seconds. Is Redis slow, or the host?"
            raise QueueError(slow) from None
        raise QueueError(str(error)) from error
    return answer
