# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.jobs_report import (
    FoundJob,
    explain,
    found_jobs,
    lines,
    movable,
    refused,
)

NOW = 1_775_000_000.0  # 2026-03-31T23:33:20Z
WEEK = 7 * 86400.0
NO_PYTZ = "ModuleNotFoundError: No module named 'pytz'"
QUEUED = FoundJob("q1", ("rq:queue:default",), None, "mail.send", "")
MAIL = FoundJob("m1", ("rq:scheduler:scheduled_jobs",), NOW + WEEK, "mail.send", NO_PYTZ)
FAILED = FoundJob("f1", ("rq:failed:default",), None, "mail.send", NO_PYTZ)
DEFERRED = FoundJob("d1", ("rq:deferred:default",), None, "mail.send", NO_PYTZ)


def explained(*jobs: FoundJob, accepted: tuple[str, ...] = ()) -> str:
    said: str = explain(jobs, accepted=accepted, release="v4.3.0-0a1b", stage="production", version="v4.3.0", now=NOW)
    return said


@pytest.mark.parametrize(
    ("where", "state"),
    [
        (("rq:queue:default",), "queued"),
        (("rq:queue:default:intermediate",), "taken"),
        (("rq:wip:default",), "running"),
        (("rq:deferred:default",), "deferred"),
        (("rq:scheduled:default",), "scheduled"),
        (("rq:scheduler:scheduled_jobs",), "scheduled"),
        (("rq:failed:default",), "failed"),
        (("rq:scheduler:scheduled_jobs", "rq:queue:default"), "queued"),
        (("rq:failed:default", "rq:scheduler:scheduled_jobs"), "scheduled"),
    ],
)
def test_a_job_has_the_state_that_comes_first(where: tuple[str, ...], state: str) -> None:
    assert replace(QUEUED, where=where).state == state


@pytest.mark.parametrize(
    ("accepted", "ids"),
    [
        ([], ["m1", "d1"]),
        (["mail.send"], []),
        (["m1"], ["d1"]),
        (["all"], []),
        (["other"], ["m1", "d1"]),
    ],
)
def test_a_release_is_refused_for_what_waits_cannot_be_loaded_and_is_not_named(
    accepted: list[str], ids: list[str]
) -> None:
    assert [job.id for job in refused([QUEUED, MAIL, FAILED, DEFERRED], accepted=accepted)] == ids


@pytest.mark.parametrize(("names", "ids"), [([], []), (["all"], ["q1", "m1", "f1"]), (["m1", "gone"], ["m1"])])
def test_what_a_worker_has_in_hand_is_not_moved(names: list[str], ids: list[str]) -> None:
    running = replace(QUEUED, id="r1", where=("rq:wip:default", "rq:scheduler:scheduled_jobs"))
    assert [job.id for job in movable([QUEUED, running, MAIL, FAILED], names=names)] == ids


def test_two_hundred_mails_are_one_line() -> None:
    mails = [replace(MAIL, id=f"m{number}", at=NOW + number * 86400) for number in range(1, 201)]
    assert lines([*mails, QUEUED]) == [
        "1 x mail.send: queued, due at once: q1",
        "200 x mail.send: scheduled, due 2026-04-01T23:33:20Z to 2026-10-17T23:33:20Z, cannot be loaded "
        f"({NO_PYTZ}): m1, m2, m3 and 197 more",
    ]


def test_as_many_kinds_are_shown_as_can_be_read() -> None:
    assert lines([replace(QUEUED, function=f"f{number}") for number in range(23)])[20:] == ["and 3 more kinds"]


def test_what_a_job_says_of_itself_reaches_no_terminal_as_it_is() -> None:
    assert "\x1b" not in lines([replace(MAIL, id="\x1b[2J", function="a\nb", error="\x1b]0;x\x07")])[0]


def test_a_message_says_which_when_and_what_to_run() -> None:
    said = explained(QUEUED, MAIL, FAILED)
    assert "cannot load 1 of 2 waiting jobs" in said
    assert "- 1 x mail.send: scheduled, due 2026-04-07T23:33:20Z, cannot be loaded" in said
    assert "Failed jobs that v4.3.0-0a1b cannot load: 1." in said
    assert "Waiting does not help soon" in said
    assert 'make deploy STAGE=production VERSION=v4.3.0 ARGS="-e deploy_accept_jobs=mail.send"' in said
    assert "make jobs MODE=aside STAGE=production VERSION=v4.3.0" in said


@pytest.mark.parametrize(
    ("job", "advice"),
    [
        (replace(MAIL, at=NOW + 600), "Wait until 2026-03-31T23:43:20Z"),
        (replace(QUEUED, error="gone"), "Wait for some minutes"),
        (replace(MAIL, at=NOW - 600), "Wait for some minutes"),
        (MAIL, "Waiting does not help soon"),
        (DEFERRED, "Waiting does not help by itself"),
    ],
)
def test_waiting_is_advised_where_it_ends_soon(job: FoundJob, advice: str) -> None:
    assert f"- {advice}" in explained(job)


@pytest.mark.parametrize(
    ("functions", "accepted", "words"),
    [
        (("b.f", "a.f"), (), "a.f,b.f"),
        (("b.f",), ("a.f",), "a.f,b.f"),
        (("$(reboot)", "a.f"), (), "all"),
    ],
)
def test_a_command_names_functions_that_a_shell_takes_as_they_are(
    functions: tuple[str, ...], accepted: tuple[str, ...], words: str
) -> None:
    jobs = [replace(MAIL, id=function, function=function) for function in functions]
    assert f'deploy_accept_jobs={words}"' in explained(*jobs, accepted=accepted)


def test_jobs_are_read_from_the_probes_answer() -> None:
    answer: dict[str, Any] = {
        "jobs": [{"id": "q1", "where": ["rq:queue:default"], "at": None, "function": "mail.send", "error": ""}],
        "missing": [],
    }
    assert found_jobs(answer) == [QUEUED]
