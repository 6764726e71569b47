# SPDX-License-Identifier: GPL-3.0-or-later
"""What is reversed for an older release, in which order, what stays, and what is refused before it is tried."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.reversal import Applied, Backups, Reversal, plan

KNOWN = ["shop.0001", "shop.0001_squashed_0002", "shop.0002", "people.0001"]
BACKUPS = Backups(host="utility1", folder="/backups")
TABLES = ["shop_item", "people_person"]
OWN = [
    'CREATE TABLE "knox_token" ("id" int)',
    'ALTER TABLE "knox_token" ADD FOREIGN KEY ("p") REFERENCES "people_person"',
]
FIRST = Applied("shop.0001")
SECOND = Applied("shop.0002", ["shop.0001"])
THIRD = Applied("shop.0003", ["shop.0002"])
KNOX = Applied("knox.0001", ["people.0001"])
IRREVERSIBLE = Applied("knox.0006", ["knox.0001"], irreversible=["RunPython: delete_tokens"])


def planned(graph: list[Applied], *, backups: Backups = BACKUPS, **statements: Any) -> Reversal:
    told = {migration.name: ["ALTER TABLE x"] for migration in graph}
    told |= {name.replace("_", ".", 1): found for name, found in statements.items()}
    return plan(
        graph=graph,
        known=KNOWN,
        statements=told,
        tables=TABLES,
        older="v1",
        newer="v2",
        stage="test",
        backups=backups,
    )


@pytest.mark.parametrize(
    ("graph", "statements", "reverse", "staying"),
    [
        ([FIRST, SECOND], {}, [], []),
        ([FIRST, SECOND, THIRD, Applied("shop.0004", ["shop.0003"])], {}, ["shop.0004", "shop.0003"], []),
        # Two branches and their merge: each that is unknown, though the newest known one is not behind it.
        (
            [FIRST, SECOND, Applied("shop.0002b", ["shop.0001"]), Applied("shop.0003", ["shop.0002", "shop.0002b"])],
            {},
            ["shop.0003", "shop.0002b"],
            [],
        ),
        # What is squashed is known by what it replaces.
        ([Applied("shop.0001_squashed_all", replaces=["shop.0001", "shop.0002"])], {}, [], []),
        # An application of its own stays, reversible or not; what depends on it goes without it.
        ([FIRST, KNOX, IRREVERSIBLE], {}, [], ["knox"]),
        ([FIRST, SECOND, KNOX, IRREVERSIBLE, Applied("shop.0003", ["knox.0006"])], {}, ["shop.0003"], ["knox"]),
        # One that depends on what goes must go; the rest of it stays.
        (
            [THIRD, KNOX, Applied("knox.0002", ["knox.0001", "shop.0003"]), Applied("knox.0003", ["knox.0002"])],
            {},
            ["knox.0003", "knox.0002", "shop.0003"],
            ["knox"],
        ),
        # So must one that changes a table that the older release has: by a column, a trigger, or who knows how.
        ([KNOX], {"knox_0001": ['ALTER TABLE "shop_item" ADD "token" int REFERENCES "knox_token"']}, ["knox.0001"], []),
        ([KNOX], {"knox_0001": ["CREATE TRIGGER t AFTER INSERT ON shop_item EXECUTE FUNCTION f()"]}, ["knox.0001"], []),
        ([KNOX], {"knox_0001": None}, ["knox.0001"], []),
    ],
)  # fmt: skip
def test_what_the_older_release_does_not_know_goes_and_what_it_does_not_have_stays(
    graph: list[Applied], statements: dict[str, Any], reverse: list[str], staying: list[str]
) -> None:
    found = planned(graph, **statements)
    assert (found.reverse, found.refusal) == (reverse, None)
    assert [line.split()[0] for line in found.stays] == staying


def test_what_stays_names_the_rows_that_it_keeps_from_being_deleted() -> None:
    assert planned([KNOX], knox_0001=OWN).stays == [
        "knox stays: v1 does not have its tables; rows of people_person that it refers to cannot be deleted meanwhile"
    ]


@pytest.mark.parametrize(
    ("graph", "obstacle"),
    [
        ([THIRD, Applied("shop.0004", ["shop.0003"], irreversible=["RunSQL: Raw SQL operation"])], "shop.0004: RunSQL"),
        # It must go, since it depends on what goes.
        (
            [THIRD, Applied("knox.0006", ["shop.0003"], irreversible=["RunPython: delete_tokens"])],
            "knox.0006: RunPython: delete_tokens",
        ),
        ([THIRD, Applied("people.0001", ["shop.0003"])], "shop.0003: people.0001 depends on it, which v1 knows"),
        (
            [Applied("shop.0001_squashed_0003", replaces=["shop.0002", "shop.0003"])],
            "it replaces shop.0002, which v1 knows, and more that it does not",
        ),
    ],
)
def test_what_cannot_be_reversed_is_named_with_the_way_that_works(graph: list[Applied], obstacle: str) -> None:
    refusal = planned(graph).refusal
    assert refusal is not None
    assert obstacle in refusal
    assert "Nothing has been touched." in refusal
    assert "on utility1, as root: ls -t /backups/*-deploy.dump. Then run: make restore STAGE=test FROM=" in refusal


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ([], ""),
        ([{"shop": "0003", "people": "0001"}], ""),
        ([{"shop": "0003", "people": "0001"}, {"shop": "0002", "people": "0001"}, {"shop": "0002"}], "1.dump"),
        # A database that Django has not come to yet.
        ([{}], ""),
        ([{"people": "0001"}], "0.dump"),
    ],
)
def test_the_newest_backup_without_the_migrations_is_named(made: list[dict[str, str]], name: str) -> None:
    listed = [{"name": f"{number}.dump", "migrations": last} for number, last in enumerate(made)]
    assert Backups(host="utility1", folder="/backups", made=listed).without(["shop.0003", "shop.0004"]) == name


def test_the_way_back_is_a_command_that_can_be_pasted() -> None:
    listed = [{"name": "a-deploy.dump", "migrations": {"shop": "0002"}}]
    found = planned([THIRD], backups=Backups(host="utility1", folder="/backups", made=listed))
    assert found.way_back.endswith(": make restore STAGE=test FROM=a-deploy.dump")
    assert "<" not in found.way_back
