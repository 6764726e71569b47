# SPDX-License-Identifier: GPL-3.0-or-later
"""How a deploy is said to have ended."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.outcome import Ending, Outcome, deploy_outcome

V1, V2 = "v1-0a1b2c3d4e5f-01234567", "v2-ba9876543210-01234567"
BACKUP = "amy-20260331T120000000000Z-deploy.dump"
FACTS: dict[str, Any] = {
    "touched": True,
    "open": False,
    "absences": [],
    "present": ["web1"],
    "stranded": [],
    "withdrawn": [],
    "keeping": [],
    "backup": BACKUP,
    "backups": "/srv/b",
    "can_roll_back": True,
    "serving": [],
    "tried": True,
    "jobs_wait": False,
    "programs_wait": False,
    "lacks": [],
    "release": V2,
    "version": "v2",
    "previous": V1,
    "previous_version": "v1",
    "command": "make deploy",
    "stage": "test",
    "url": "https://amy.example.org",
    "typed": {},
}
REFUSED = ["web1: Prove that it serves: /account/login/ gave 500"]
ABSENT = ["web2 is not healthy"]
UNTOUCHED: dict[str, Any] = {"touched": False}
NO_WAY_BACK: dict[str, Any] = {"can_roll_back": False}
OLDER: dict[str, Any] = {"previous": V2, "lacks": ["a.2", "a.3"], "jobs_wait": True}
JOINED: dict[str, Any] = {"withdrawn": ["worker1", "scheduler1"]}
FIRST: dict[str, Any] = {"can_roll_back": False, "previous": None}


def outcome(failures: list[str], facts: dict[str, Any]) -> Outcome:
    return deploy_outcome(Ending(failures=failures, **{**FACTS, **facts}))


@pytest.mark.parametrize(
    ("failures", "facts", "result", "next_step"),
    [
        ([], {}, "succeeded", ""),
        ([], UNTOUCHED, "succeeded", ""),
        (REFUSED, {}, "rolled_back", "Every host serves v1-"),
        (REFUSED, {}, "rolled_back", "make deploy STAGE=test VERSION=v2; or deploy a corrected version."),
        (
            REFUSED,
            {"stranded": ["web2"]},
            "failed",
            "Out of service until it is repaired: web2. Every other host serves",
        ),
        (REFUSED, {"absences": ABSENT}, "failed", "Every host serves v1-"),
        # Hosts that have joined in this deploy never had the release before.
        (REFUSED, JOINED, "rolled_back", f"Every host that had {V1} serves it as before; worker1, scheduler1 had not,"),
        (REFUSED, JOINED, "rolled_back", "and run no release again. Correct what is named above"),
        (REFUSED, {"withdrawn": ["web1"], "present": []}, "failed", "web1 had not, and run no release again."),
        (REFUSED, {**JOINED, "stranded": ["worker1"]}, "failed", "repaired: worker1. Every other host that had v1-"),
        (REFUSED, {**JOINED, "stranded": ["worker1"]}, "failed", "as before; scheduler1 had not,"),
        # A deploy that did not end had given them the release, and nothing tells which.
        (
            REFUSED,
            {"keeping": ["web3"]},
            "rolled_back",
            f"web3 had {V2} before this deploy, and keeps it. Every other host serves {V1} as before. Correct",
        ),
        (REFUSED, {**JOINED, "keeping": ["web3"]}, "rolled_back", "keeps it. Every other host that had v1-"),
        (
            REFUSED,
            {**UNTOUCHED, "keeping": ["web3", "web4"]},
            "refused",
            f"the database is as it was. web3, web4 had {V2} before this deploy, and keep it. Correct",
        ),
        (
            REFUSED,
            {**NO_WAY_BACK, "keeping": ["web3"]},
            "failed",
            f"web3 had {V2} before this deploy, and keeps it. The database has",
        ),
        (REFUSED, {"stranded": ["web2"], "keeping": ["web3"]}, "failed", "web2. web3 had v2-"),
        # A rehearsal has refused it: there is nothing to go back from.
        (REFUSED, UNTOUCHED, "refused", "Nothing was rolled out, and the database is as it was."),
        (REFUSED, UNTOUCHED, "refused", "make deploy STAGE=test VERSION=v2; or deploy a corrected version."),
        (REFUSED, {**UNTOUCHED, "absences": ABSENT}, "refused", "Nothing was rolled out"),
        (REFUSED, {**UNTOUCHED, **FIRST}, "refused", "Nothing was rolled out"),
        (REFUSED, {**UNTOUCHED, **FIRST, "jobs_wait": True}, "refused", "the queues stay paused"),
        (REFUSED, {**NO_WAY_BACK, "programs_wait": True}, "failed", "own programs and timers stay stopped"),
        # A deploy that died has touched it.
        (REFUSED, {**UNTOUCHED, **NO_WAY_BACK}, "failed", "visitors get the maintenance page"),
        (REFUSED, {**UNTOUCHED, **NO_WAY_BACK, "open": True}, "failed", "so no host goes back to it"),
        (REFUSED, NO_WAY_BACK, "failed", "make reverse-migrations STAGE=test, then make rollback STAGE=test"),
        (
            REFUSED,
            {**NO_WAY_BACK, "tried": False, "previous_version": "a branch"},
            "failed",
            "then make deploy STAGE=test VERSION='a branch'.",
        ),
        # `make reverse-migrations` finds out by what every host ran before: it takes back too much, or refuses.
        (REFUSED, {**NO_WAY_BACK, "tried": False}, "failed", "make deploy STAGE=test VERSION=v1."),
        (
            REFUSED,
            {**NO_WAY_BACK, "tried": False},
            "failed",
            f"make restore STAGE=test FROM={BACKUP}, which loses what",
        ),
        # A deploy that died had migrated before this one made its backup.
        (
            REFUSED,
            {**NO_WAY_BACK, "tried": False, "backup": ""},
            "failed",
            "the newest backup that is older than those migrations (on the host of the backups: ls -t "
            "/srv/b/*-deploy.dump): make restore STAGE=test FROM=<its name>, which loses",
        ),
        (REFUSED, {**NO_WAY_BACK, "tried": False, "jobs_wait": True}, "failed", "the queues stay paused"),
        # It failed before it could know what a deploy that died had done.
        (REFUSED, {**NO_WAY_BACK, "tried": False}, "failed", "run the same command again"),
        (REFUSED, {**NO_WAY_BACK, "serving": ["web2"]}, "failed", "served by web2 alone"),
        (REFUSED, {**FIRST, "serving": ["web2"]}, "failed", "It is served by web2 alone"),
        (REFUSED, FIRST, "failed", "There was no release before it"),
        # The database was restored from an older backup, and could not be migrated to what the release wants.
        (REFUSED, {**UNTOUCHED, **OLDER}, "refused", "Nothing was rolled out, and the database is as it was."),
        (REFUSED, {**UNTOUCHED, **OLDER}, "refused", "the queues stay paused"),
        (REFUSED, OLDER, "failed", f"{V2} runs, and the database lacks, or may lack, a.2, a.3, which it wants."),
        (REFUSED, {**OLDER, **NO_WAY_BACK}, "failed", "run again: make deploy STAGE=test VERSION=v2"),
        (REFUSED, OLDER, "failed", "the queues stay paused"),
        ([], {"absences": ABSENT}, "failed", "make status STAGE=test"),
        ([], {"absences": ABSENT}, "failed", "aws ec2 describe-instance-status"),
    ],
)
def test_outcome(failures: list[str], facts: dict[str, Any], result: str, next_step: str) -> None:
    ended = outcome(failures, facts)
    assert ended.result == result
    assert next_step in ended.next_step
    assert bool(ended.next_step) == bool(ended.headline) == bool(next_step)


@pytest.mark.parametrize(
    ("failures", "facts", "headline"),
    [
        (REFUSED, {}, f"v2 ({V2}) was not deployed."),
        (REFUSED, {"absences": ABSENT}, f"v2 ({V2}) was not deployed."),
        ([], {"absences": ABSENT}, f"v2 ({V2}) is served at https://amy.example.org, but not by every web host."),
        (
            [],
            {"absences": ABSENT, "present": []},
            f"Every host runs v2 ({V2}), but no web host serves it at https://amy.example.org.",
        ),
    ],
)
def test_what_visitors_get_is_said_first(failures: list[str], facts: dict[str, Any], headline: str) -> None:
    assert outcome(failures, facts).headline == headline


@pytest.mark.parametrize(
    ("command", "version", "run"),
    [
        ("make deploy", "v2", "make deploy STAGE=test VERSION=v2"),
        ("make deploy", "a branch", "make deploy STAGE=test VERSION='a branch'"),
        # An earlier release is as it is.
        ("make rollback", "v2", "make rollback STAGE=test."),
        ("make modernize", "v2", "make modernize STAGE=test."),
    ],
)
@pytest.mark.parametrize("touched", [True, False])
def test_the_command_that_was_run_is_named(command: str, version: str, run: str, touched: bool) -> None:
    next_step = outcome(REFUSED, {"touched": touched, "command": command, "version": version}).next_step
    assert f"then run again: {run}" in next_step
    assert ("corrected" in next_step) is (command == "make deploy")


@pytest.mark.parametrize(
    ("failures", "previous", "verdict"),
    [
        ([], V1, "accepted"),
        ([], None, "accepted"),
        # It was refused, the database did not let the fleet go back, and now it serves.
        ([], V2, "accepted"),
        (REFUSED, V1, "refused"),
        (REFUSED, None, "refused"),
        # It ran before.
        (REFUSED, V2, ""),
    ],
)
def test_what_is_remembered_of_the_release(failures: list[str], previous: str | None, verdict: str) -> None:
    assert outcome(failures, {"previous": previous}).verdict == verdict


def test_the_command_has_the_arguments_that_it_was_given() -> None:
    next_step = outcome(REFUSED, {"typed": {"ARGS": "-e @vars.yml", "CONFIRM": ""}}).next_step
    assert "then run again: make deploy STAGE=test VERSION=v2 ARGS='-e @vars.yml'; or deploy" in next_step


def test_no_command_is_named_that_some_hosts_are_not_ready_for() -> None:
    ended = outcome(REFUSED, {**NO_WAY_BACK, "tried": False})
    assert "reverse-migrations" not in ended.next_step
    assert "rollback" not in ended.next_step
