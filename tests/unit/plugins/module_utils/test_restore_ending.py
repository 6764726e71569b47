# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the queues may be resumed after a restore, and the command that the operator is given."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.restore_ending import restore_ending

V1, V2, V3 = (f"v{number}-0123456789ab-89abcdef" for number in (1, 2, 3))
OPEN = "make maintenance MODE=off STAGE=test"
ROLLBACK = "make rollback STAGE=test"


def deploy(version: str) -> str:
    return f"make deploy STAGE=test VERSION={version}"


@pytest.mark.parametrize(
    ("case", "fits", "commands"),
    [
        # The database is what the release that runs wants, whatever release the backup was made under.
        ({}, True, [OPEN]),
        ({"made_under": V1}, True, [OPEN]),
        ({"running": None, "pending": ["a.1"]}, True, [OPEN]),
        # From before the newest deploy, and from before an earlier one.
        ({"pending": ["a.2"], "made_under": V1}, False, [ROLLBACK, OPEN]),
        ({"pending": ["a.2"], "made_under": V3}, False, [deploy("v3"), OPEN]),
        ({"pending": ["a.2"], "made_under": V1, "previous": None}, False, [deploy("v1"), OPEN]),
        # What a rollback has left in the database was there before the restore, too.
        ({"newer": ["a.3"], "lived_with": ["a.3"]}, True, [OPEN]),
        ({"newer": ["a.3", "a.4"], "lived_with": ["a.3"], "made_under": V3}, False, [deploy("v3"), OPEN]),
        # From a newer release, after a rollback.
        ({"newer": ["a.3"], "made_under": V3}, False, [deploy("v3"), OPEN]),
        ({"newer": ["a.3"], "pending": ["a.2"], "made_under": V1}, False, [ROLLBACK, OPEN]),
        # Made in the middle of the deploy of the release that runs: it migrates again.
        ({"pending": ["a.2"], "made_under": V2}, False, [deploy("v2"), OPEN]),
        # Its id has another spelling of the version than git.
        (
            {"pending": ["a.2"], "made_under": V2, "versions": {V2: "feature/X"}},
            False,
            [deploy("feature/X"), OPEN],
        ),
        # The timer's do not say under which.
        ({"pending": ["a.2"]}, False, [ROLLBACK, deploy("<its version>"), deploy("v2"), OPEN]),
        ({"pending": ["a.2"], "previous": None}, False, [deploy("<its version>"), deploy("v2"), OPEN]),
    ],
)
def test_the_ending_names_what_fits(case: dict[str, Any], fits: bool, commands: list[str]) -> None:
    options: dict[str, Any] = {
        "previous": V1,
        "made_under": "",
        "pending": [],
        "newer": [],
        "lived_with": [],
        "unread": "",
        "versions": {},
        **case,
    }
    ending = restore_ending(options.pop("running", V2), **options, stage="test")
    assert ending.fits is fits
    places = [ending.next_step.index(command) for command in commands]
    assert places == sorted(places)
    assert ending.next_step.count("make ") == len(commands)


def test_the_ending_says_why() -> None:
    options: dict[str, Any] = {"pending": ["a.2"], "newer": ["a.3"], "lived_with": [], "unread": "", "stage": "test"}
    ending = restore_ending(V2, previous=V1, made_under=V1, versions={}, **options)
    assert f"does not fit {V2}, which runs: it lacks a.2 and has a.3, which {V2} does not know." in ending.next_step
    assert f"The backup was made under {V1}" in ending.next_step


@pytest.mark.parametrize(
    ("pending", "newer", "unread", "said"),
    [
        ([], ["a.3"], "The release's own code has failed:\nTraceback\n  OperationalError: no such table", True),
        # A migration that is lacking is lacking whatever was there before; and of what fits nothing has to be known.
        (["a.2"], [], "OperationalError: no such table", False),
        ([], [], "OperationalError: no such table", False),
        ([], ["a.3"], "", False),
    ],
)
def test_the_ending_says_why_nothing_is_known_of_the_database_before(
    pending: list[str], newer: list[str], unread: str, said: bool
) -> None:
    ending = restore_ending(
        V2,
        previous=V1,
        made_under=V3,
        pending=pending,
        newer=newer,
        lived_with=[],
        unread=unread,
        versions={},
        stage="test",
    )
    why = f"{V2} could not read the database that was there (OperationalError: no such table)"
    assert (why in ending.next_step) is said
    assert ending.fits is not bool(pending or newer)
