# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving jobs aside and back: first they are kept, then they move, one transaction a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol

from ansible_collections.carpentries.amy.plugins.module_utils.rq.aside import (
    KeptJob,
    Place,
    is_aside,
    mark_copied,
    put_back,
    read,
    read_job,
    standing,
    take_out,
    written,
)
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_probe import kind_of
from ansible_collections.carpentries.amy.plugins.module_utils.rq.store import RqStore


class Files(Protocol):
    """What moving needs of the files in the bucket (`AsideStore`)."""

    def put(self, name: str, body: bytes) -> str:
        """Write a file; its URL. Raises QueueError."""

    def get(self, name: str) -> bytes:
        """Read a file. Raises QueueError."""


@dataclass
class Moved:
    """The ids that were moved, and why each of the others was not. `kept` is the file's URL, empty if there is none.

    `overdue` are the restored ones whose time has passed, which run at once.
    """

    ids: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    overdue: list[str] = field(default_factory=list)
    kept: str = ""


def move_aside(*, client: Any, store: RqStore, files: Files, name: str, jobs: Sequence[str], made: str) -> Moved:
    """Keep jobs in the file of the set `name`, then take them out of Redis.

    Raises QueueError if the file cannot be written; no job was moved then.
    """
    places = store.places()
    found = {job: read_job(client, job, places=places.get(job, [])) for job in dict.fromkeys(jobs) if job in places}
    kept = [job for job in found.values() if job is not None]
    moved = Moved(left={job: "is in no queue, schedule or registry, or runs" for job in jobs if not found.get(job)})
    if not kept:
        return moved
    mark_copied(client, name=name, jobs=[job.id for job in kept])
    # If that fails, the marks stay: there may be a file all the same, of jobs that have not moved.
    moved.kept = files.put(name, written(kept, name=name, made=made))
    for job in kept:
        if take_out(client, job, name=name):
            moved.ids.append(job.id)
        else:
            moved.left[job.id] = "has been moved or changed meanwhile"
    if moved.ids and len(moved.ids) < len(kept):
        _keep_only(files, [job for job in kept if job.id in moved.ids], name=name, made=made)
    return moved


def restore(
    *,
    client: Any,
    files: Files,
    name: str,
    errors: Callable[[list[KeptJob]], dict[str, str]],
    now: float,
    check_mode: bool = False,
) -> Moved:
    """Put the jobs of the set `name` back where they were.

    `errors` says of jobs why the running release cannot load them, by id: such a job stays aside, but for a failed one,
    which does not run by itself. `now` is in Unix seconds. Raises QueueError if the file cannot be read.
    """
    jobs = read(files.get(name), name=name)
    known = standing(client, name=name)
    aside = [job for job in jobs if is_aside(job.id, known=known)]
    unloadable = errors([job for job in aside if _runs_by_itself(job)]) if aside else {}
    moved = Moved()
    # The last first: each goes to the head of its queue.
    for job in reversed(aside):
        if job.id in unloadable:
            moved.left[job.id] = f"cannot be loaded by the running release: {unloadable[job.id]}"
        elif check_mode or put_back(client, job, name=name):
            moved.ids.insert(0, job.id)
            moved.overdue += [job.id] if any(_is_overdue(place, now) for place in job.places) else []
        else:
            moved.left[job.id] = "is there already: its id is in use"
    if moved.ids and moved.left and not check_mode:
        made = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
        _keep_only(files, [job for job in jobs if job.id in moved.left], name=name, made=made)
    return moved


def _keep_only(files: Files, jobs: list[KeptJob], *, name: str, made: str) -> None:
    """Leave no job in the file that is not aside: where this Redis is gone, all that is in the file counts as aside."""
    files.put(name, written(jobs, name=name, made=made))


def _runs_by_itself(job: KeptJob) -> bool:
    return any(kind_of(place.key).runs for place in job.places)


def _is_overdue(place: Place, now: float) -> bool:
    # The scores of the other registries are no times at which a job is due.
    return kind_of(place.key).is_timed and place.score is not None and place.score <= now
