# SPDX-License-Identifier: GPL-3.0-or-later
"""What is chosen for which SQL. The statements are those that Django 5.2 gives PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.deploy_strategy import deploy_strategy

NULLABLE = ['ALTER TABLE "upload" ADD COLUMN "type" varchar(200) NULL']
NOT_NULL = [
    """ALTER TABLE "upload" ADD COLUMN "type" varchar(200) DEFAULT '' NOT NULL""",
    'ALTER TABLE "upload" ALTER COLUMN "type" DROP DEFAULT',
]
KEPT_DEFAULT = ["""ALTER TABLE "upload" ADD COLUMN "type" varchar(200) DEFAULT '' NOT NULL"""]
RENAME = ['ALTER TABLE "notice" RENAME COLUMN "body" TO "text"']
DROP = ['ALTER TABLE "notice" DROP COLUMN "body" CASCADE']
CREATE = [
    'CREATE TABLE "flag" ("id" bigint NOT NULL PRIMARY KEY)',
    'ALTER TABLE "flag" ADD CONSTRAINT "once" UNIQUE ("id")',
    'CREATE INDEX "flag_id" ON "flag" ("id")',
]


def evidence(statements: list[str] | None, *, name: str = "app.0002", **more: Any) -> dict[str, Any]:
    return {"name": name, "statements": statements, **more}


@pytest.mark.parametrize("statements", [NULLABLE, KEPT_DEFAULT, CREATE, [], ['CREATE INDEX "i" ON "notice" ("body")']])
def test_what_both_releases_can_live_with_rolls(statements: list[str]) -> None:
    assert deploy_strategy([evidence(statements)])["strategy"] == "rolling"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (NOT_NULL, "NOT NULL"),
        (RENAME, "RENAMING columns"),
        (DROP, "DROPPING columns"),
        (['DROP TABLE "notice" CASCADE'], "DROPPING table"),
        (['ALTER TABLE "notice" RENAME TO "news"'], "RENAMING tables"),
        (['ALTER TABLE "notice" ALTER COLUMN "body" SET NOT NULL'], "NOT NULL"),
        (['ALTER TABLE "notice" ADD CONSTRAINT "once" UNIQUE ("body")'], "unique"),
        (["alter table notice\n  rename column body to text; -- by hand"], "RENAMING columns"),
        ([*KEPT_DEFAULT, 'ALTER TABLE "notice" ALTER COLUMN "body" SET NOT NULL'], "NOT NULL"),
        (None, "can only be told by running it"),
    ],
)
def test_what_the_running_release_cannot_live_with_holds_requests(statements: list[str] | None, reason: str) -> None:
    choice = deploy_strategy([evidence(statements)])
    assert (choice["strategy"], choice["breaking"]) == ("hold", True)
    assert reason in choice["reasons"][0]


def test_a_hold_must_be_short_or_the_site_is_closed() -> None:
    migrations = [evidence(RENAME, seconds=3.0), evidence(NULLABLE, name="app.0003", seconds=2.5)]
    assert deploy_strategy(migrations)["strategy"] == "maintenance"
    assert deploy_strategy(migrations, hold_seconds=6)["strategy"] == "hold"


def test_the_only_web_host_holds_requests_since_it_cannot_leave() -> None:
    choice = deploy_strategy([evidence(NULLABLE)], one_web_host=True)
    assert (choice["strategy"], choice["breaking"]) == ("hold", False)
    assert deploy_strategy([], one_web_host=True)["strategy"] == "hold"


def test_a_table_of_an_earlier_migration_of_the_same_deploy_is_unknown_to_the_running_release() -> None:
    later = evidence(['ALTER TABLE "flag" ADD COLUMN "name" text NOT NULL'], name="app.0003")
    assert deploy_strategy([evidence(CREATE), later])["strategy"] == "rolling"


def test_a_long_lock_closes_the_site_and_a_long_migration_without_one_does_not() -> None:
    locking = evidence(NULLABLE, seconds=30.5, writes=1, locks=["upload"])
    choice = deploy_strategy([locking])
    assert choice["strategy"] == "maintenance"
    assert "keeps others from upload for up to 30.5 s" in choice["reasons"][0]
    assert deploy_strategy([{**locking, "locks": []}])["strategy"] == "rolling"
    assert deploy_strategy([locking], lock_seconds=60)["strategy"] == "rolling"


def test_rolling_against_the_evidence_is_refused_until_the_migrations_are_named() -> None:
    migrations = [evidence(RENAME), evidence(DROP, name="app.0003")]
    refused = deploy_strategy(migrations, asked="rolling", accepted="app.0003")
    assert refused["strategy"] == "refused"
    assert "app.0002: RENAMING columns" in refused["refusal"]
    assert "deploy_accept_migrations=app.0002" in refused["refusal"]
    assert deploy_strategy(migrations, asked="rolling", accepted="app.0003, app.0002")["strategy"] == "rolling"


def test_what_is_asked_for_is_done_where_nothing_speaks_against_it() -> None:
    assert deploy_strategy([evidence(NULLABLE)], asked="maintenance")["strategy"] == "maintenance"
    assert deploy_strategy([], asked="rolling") == {
        "strategy": "rolling",
        "reasons": [],
        "refusal": None,
        "breaking": False,
    }


@pytest.mark.parametrize("asked", ["auto", "maintenance"])
def test_an_older_release_is_refused_where_the_schema_has_moved_past_it(asked: str) -> None:
    choice = deploy_strategy([], asked=asked, behind={"app.0003": RENAME, "app.0002": NULLABLE})
    assert choice["strategy"] == "refused"
    assert "make restore" in choice["refusal"]
    assert "make reverse-migrations" in choice["refusal"]
    assert "app.0002:" not in choice["refusal"]
    assert deploy_strategy([], behind={"app.0002": NULLABLE})["strategy"] == "rolling"


def test_a_release_does_not_go_on_with_what_only_a_dead_deploy_can_have_migrated() -> None:
    choice = deploy_strategy([], unknown=["app.0004", "app.0003"], accepted="app.0003")
    assert choice["strategy"] == "refused"
    assert "deploy_accept_migrations=app.0004" in choice["refusal"]
    assert "app.0003" not in choice["refusal"]
    # No host has the release that could reverse them.
    assert "reverse-migrations" not in choice["refusal"]
    assert deploy_strategy([], unknown=["app.0003"], accepted="app.0003")["strategy"] == "rolling"
