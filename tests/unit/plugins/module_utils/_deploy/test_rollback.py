# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.rollback import candidates, other_python, refusal


def host(active: str, previous: str | None) -> dict[str, Any]:
    """What is asked of a host's state."""
    return {"active": {"id": active}, "previous": previous and {"id": previous}}


def lock(version: str, reason: str = "make rollback") -> dict[str, Any]:
    """What is asked of the deploy lock."""
    return {"version": version, "reason": reason}


UNTOUCHED = [host("v3", "v2"), host("v3", "v2")]
# It has changed the first host, whose release before v2 was v1.
CUT_OFF = [host("v2", "v1"), host("v3", "v2")]
# It has changed both, and was about to give its lock back.
AT_ITS_END = [host("v2", "v1"), host("v2", "v1")]


@pytest.mark.parametrize(
    ("hosts", "found", "claim", "expected"),
    [
        (UNTOUCHED, None, "free", {"v2"}),
        (UNTOUCHED, lock("v2"), "dead", {"v2"}),
        (CUT_OFF, lock("v2"), "dead", {"v2"}),
        (CUT_OFF, lock("v2"), "expired", {"v2"}),
        (CUT_OFF, lock("v2", "make rollback STAGE=test"), "dead", {"v2"}),
        (AT_ITS_END, lock("v2"), "dead", {"v2"}),
        # Without its lock, it is unknown what it was.
        (CUT_OFF, None, "free", {"v1", "v2"}),
        (AT_ITS_END, None, "free", {"v1"}),
        # Another deploy, which may well live.
        (CUT_OFF, lock("v2"), "foreign", {"v1", "v2"}),
        (AT_ITS_END, lock("v2", "make deploy"), "dead", {"v1"}),
        # No host has its release any more.
        (UNTOUCHED, lock("v0"), "dead", {"v2"}),
        ([host("v1", None)], None, "free", set()),
    ],
)
def test_where_a_rollback_goes(
    hosts: list[dict[str, Any]], found: dict[str, Any] | None, claim: str, expected: set[str]
) -> None:
    assert {record["id"] for record in candidates(hosts, lock=found, claim=claim)} == expected


QUEUES = ["web", "worker", "scheduler", "redis"]
NONE = ["web", "utility"]
RECORD = {"ref": "v4.6.4", "commit": "0" * 40, "version": "", "host_kinds": QUEUES}
FITS = {"version": "3.11", "fits": True, "file": "", "text": "", "fitting": ()}
OLDER = {"version": "3.13.5", "fits": False, "file": "Pipfile.lock", "text": "3.11", "fitting": ("3.11",)}


@pytest.mark.parametrize(
    ("record", "kinds"),
    [
        (RECORD, QUEUES),
        (RECORD, [*QUEUES, "utility"]),
        (RECORD | {"host_kinds": NONE}, NONE),
        # Who keeps the backups is no matter of the release.
        (RECORD | {"host_kinds": [*QUEUES, "utility"]}, QUEUES),
        (RECORD | {"host_kinds": NONE}, QUEUES),
        # It was staged before that was recorded.
        ({"ref": "v1", "commit": "0" * 40}, NONE),
    ],
)
def test_a_stage_can_go_back_to_what_it_has_the_hosts_for(record: dict[str, Any], kinds: list[str]) -> None:
    assert refusal(record, kinds=kinds, python=OLDER, stage="test") == ""


@pytest.mark.parametrize(
    ("record", "kinds", "python", "missing", "steps"),
    [
        (RECORD, NONE, FITS, "worker, scheduler and redis", ["instances_counts", "make provision", "VERSION=v4.6.4"]),
        (RECORD, NONE, None, "worker, scheduler and redis", ["instances_counts", "make provision", "VERSION=v4.6.4"]),
        (
            RECORD,
            NONE,
            OLDER,
            "worker, scheduler and redis",
            ["instances_counts", "make provision", 'release_python: "3.11"', "VERSION=v4.6.4"],
        ),
        # What no Python fits is another matter than hosts: the deploy says so.
        (RECORD, NONE, OLDER | {"fitting": ()}, "worker", ["instances_counts", "make provision", "VERSION=v4.6.4"]),
        # An application that uses Redis for other things than jobs.
        (
            RECORD | {"host_kinds": ["web", "utility", "redis"]},
            NONE,
            FITS,
            "redis hosts",
            ["instances_counts", "make provision", "VERSION=v4.6.4"],
        ),
        # A branch means another commit by now.
        (
            RECORD | {"ref": "main", "version": "4.6.4"},
            NONE,
            FITS,
            "worker",
            ["instances_counts", "make provision", "VERSION=0000"],
        ),
    ],
)
def test_what_a_stage_needs_to_go_back_is_said_in_its_order(
    record: dict[str, Any], kinds: list[str], python: dict[str, Any] | None, missing: str, steps: list[str]
) -> None:
    why, *said = refusal(record, kinds=kinds, python=python, stage="test").splitlines()
    assert missing in why
    assert len(said) == len(steps)
    for number, (line, word) in enumerate(zip(said, steps), start=1):
        assert line.startswith(f"{number}. ")
        assert word in line
        assert word.startswith(("inst", "rel")) or "STAGE=test" in line


def on_python(python: str, *, release: str = "v2", active: str = "v3", distribution: str = "3.11.2") -> dict[str, Any]:
    """What is asked of the state of a host whose `release` ran on `python`; empty: on that of the distribution."""
    return {
        "active": {"id": active, "ref": active, "python": "3.14.8-debian12-x86_64-dc9c6f55"},
        "previous": {"id": release, "ref": release, "python": python and f"{python}-debian12-x86_64-89abcdef"},
        "pythons": {distribution: "/usr/bin/python3"},
    }


@pytest.mark.parametrize(
    ("hosts", "today", "expected"),
    [
        ([on_python("3.13.5")], "3.14.8", "v2 ran on Python 3.13.5, and "),
        ([on_python("3.13.5")], "3.14", "v2 ran on Python 3.13.5, and "),
        ([on_python("")], "3.14.8", "v2 ran on Python 3.11.2, and "),
        # A mixed fleet: one distribution has that Python, for the other one it was fetched.
        (
            [on_python("3.11.9", distribution="3.13.5"), on_python("")],
            "3.13",
            "v2 ran on Python 3.11.2 and 3.11.9, and ",
        ),
        # Another correction runs what was built for the one before.
        ([on_python("3.14.2")], "3.14.8", ""),
        ([on_python("3.14.2")], "3.14", ""),
        ([on_python("")], "3.11", ""),
        ([on_python("", distribution="3.13.5")], "3.13.5", ""),
        # One of the distribution's two, and it is not noted which.
        (
            [{**on_python(""), "pythons": {"3.11.2": "/usr/bin/python3.11", "3.13.5": "/usr/bin/python3.13"}}],
            "3.13",
            "",
        ),
        # The stage has the role's default, which the playbook does not know.
        ([on_python("3.13.5")], "", ""),
        # A release of which the host has no such note, and a host that tells of no Python.
        ([{"active": None, "previous": {"id": "v2", "ref": "v2"}, "pythons": {}}], "3.14", ""),
        # A host that never had it.
        ([on_python("3.13.5", release="v1"), on_python("3.14.8")], "3.14", ""),
        # A rollback that was cut off goes on to what some hosts run already.
        ([on_python("3.13.5", release="v1", active="v2"), on_python("3.14.8")], "3.14", ""),
    ],
)
def test_an_operator_is_told_of_a_rollback_to_another_python(
    hosts: list[dict[str, Any]], today: str, expected: str
) -> None:
    said = other_python(hosts, release="v2", today=today, stage="test")
    assert said.startswith(expected)
    assert bool(said) == bool(expected)
    if said:
        assert f"release_python of stage test is {today}" in said
        assert said.endswith("run: make rollback STAGE=test")
