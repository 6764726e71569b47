# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What `jobs_probe` has found, in words for an operator: which jobs, when they are due, and what can be done. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_since import utc

from .jobs_probe import JOB_KEYS, Job, kind_of

ALL = "all"
SHOWN_JOBS = 3
SHOWN_GROUPS = 20
# Seconds for which an operator may rather wait than move jobs: longer than a long job, shorter than a day's work.
PATIENCE = 3600.0
# What may stand in a command: a job's names are data, and a shell reads the command.
SAFE_WORD = re.compile(r"[\w.:-]+")
STATES = list(dict.fromkeys(kind.state for kind in JOB_KEYS))


class FoundJob(Job):
    """A job as `jobs_probe` has found it."""

    @property
    def state(self) -> str:
        """Its first state in STATES: a job that repeats is scheduled again while it runs."""
        return min((kind_of(key).state for key in self.where), key=STATES.index)

    @property
    def waits(self) -> bool:
        """Whether it runs by itself. A failed job does not, before an operator requeues it."""
        return self.state != "failed"


def found_jobs(answer: dict[str, Any]) -> list[FoundJob]:
    """The jobs in an answer of `jobs_probe`."""
    return [FoundJob(**{**job, "where": tuple(job["where"])}) for job in answer["jobs"]]


def is_named(job: FoundJob, names: Sequence[str]) -> bool:
    """Whether an operator has named a job: by its id, by its function, or by the word `all`."""
    return ALL in names or job.id in names or job.function in names


def refused(jobs: Sequence[FoundJob], *, accepted: Sequence[str]) -> list[FoundJob]:
    """The jobs for which a release is refused: they wait, cannot be loaded, and are not among the `accepted` names."""
    return [job for job in jobs if job.error and job.waits and not is_named(job, accepted)]


def movable(jobs: Sequence[FoundJob], *, names: Sequence[str]) -> list[FoundJob]:
    """The named jobs that no worker has in hand."""
    return [job for job in jobs if is_named(job, names) and job.state not in ("running", "taken")]


def lines(jobs: Sequence[FoundJob]) -> list[str]:
    """A line for all jobs of one state that have a function and an error in common, as an operator reads it."""
    groups: dict[tuple[str, str, str], list[FoundJob]] = {}
    for job in jobs:
        groups.setdefault((job.state, job.function, job.error), []).append(job)
    ordered = sorted(groups.items(), key=lambda group: (STATES.index(group[0][0]), -len(group[1])))
    shown = [_line(state, function, error, members) for (state, function, error), members in ordered[:SHOWN_GROUPS]]
    return [*shown, *([f"and {len(ordered) - SHOWN_GROUPS} more kinds"] if ordered[SHOWN_GROUPS:] else [])]


def explain(
    jobs: Sequence[FoundJob], *, accepted: Sequence[str], release: str, stage: str, version: str, now: float
) -> str:
    """What to tell the operator about waiting jobs that `release` cannot load, and the commands that fit.

    `version` is what the release was asked for as; `now` is in Unix seconds.
    """
    stopping = refused(jobs, accepted=accepted)
    waiting = [job for job in jobs if job.waits]
    return "\n".join(
        [
            f"The release {release} cannot load {len(stopping)} of {len(waiting)} waiting jobs. It would fail them, "
            "and the first that is due would stop the scheduler, again at every start. Nothing has been changed.",
            *(f"- {line}" for line in lines(stopping)),
            *failed_lines(jobs, release=release, stage=stage, version=version),
            "What can be done (docs/guides/waiting_jobs.md):",
            f"- {_wait(stopping, stage=stage, now=now)}",
            "- Deploy, and let the deploy move these jobs aside while the queues are held, those that are added until "
            f"then too: make deploy STAGE={stage} VERSION={version} "
            f'ARGS="-e deploy_accept_jobs={",".join([*accepted, *_words(stopping)])}"',
            f"- Move them aside before: make jobs MODE=aside STAGE={stage} VERSION={version}. "
            "They are kept in the bucket until MODE=restore puts them back, or MODE=forget deletes them.",
            "- Or deploy a release that still has the names with which they were stored (an alias is enough).",
        ]
    )


def failed_lines(jobs: Sequence[FoundJob], *, release: str, stage: str, version: str) -> list[str]:
    """What to say about failed jobs that `release` cannot load; nothing if there are none."""
    failed = [job for job in jobs if job.error and not job.waits]
    if not failed:
        return []
    return [
        f"Failed jobs that {release} cannot load: {len(failed)}. They stop no deploy, for they do not run by "
        "themselves; but it cannot requeue them. To keep them elsewhere: "
        f"make jobs MODE=aside STAGE={stage} VERSION={version}",
        *(f"- {line}" for line in lines(failed)),
    ]


def _wait(jobs: Sequence[FoundJob], *, stage: str, now: float) -> str:
    if any(job.state == "deferred" for job in jobs):
        return "Waiting does not help by itself: a deferred job waits for another one to end well."
    last = max((job.at for job in jobs if job.at is not None), default=now)
    if last - now > PATIENCE:
        return f"Waiting does not help soon: the last is due at {utc(last)}, and the running release may add more."
    until = f"until {utc(last)}" if last > now else "for some minutes"
    look = f"make jobs STAGE={stage}"
    return f"Wait {until}, while the running release works them off. Look: {look}. Then the same command again."


def _words(jobs: Sequence[FoundJob]) -> list[str]:
    """The functions of jobs, as words of a command; the word `all` if a shell would not take one as it is."""
    functions = sorted({job.function for job in jobs})
    return functions if all(SAFE_WORD.fullmatch(function) for function in functions) else [ALL]


def _line(state: str, function: str, error: str, jobs: list[FoundJob]) -> str:
    ids = ", ".join(job.id for job in jobs[:SHOWN_JOBS])
    more = f" and {len(jobs) - SHOWN_JOBS} more" if jobs[SHOWN_JOBS:] else ""
    cannot = f", cannot be loaded ({error})" if error else ""
    # What a job says of itself is data, and this is for a terminal.
    line = f"{len(jobs)} x {function}: {_due(state, jobs)}{cannot}: {ids}{more}"
    return "".join(character if character.isprintable() else " " for character in line)


def _due(state: str, jobs: list[FoundJob]) -> str:
    if state == "failed":
        return "failed, not due"
    if state == "deferred":
        return "deferred, due when another job ends"
    if state != "scheduled":
        return f"{state}, due at once" if state == "queued" else state
    times = sorted(utc(job.at) for job in jobs if job.at is not None)
    return f"scheduled, due {times[0]}" + (f" to {times[-1]}" if times[-1] != times[0] else "")
