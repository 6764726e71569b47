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


MIGRATIONS: dict[str, Any] = {"ahead": {}, "behind": {}, "newer": [], "running_tables": [], "wanted_tables": []}


def chosen(
    rehearsed: list[dict[str, Any]],
    *,
    seconds: float = 0,
    previous: str | None = "v1",
    found_closed: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """What is chosen for migrations that were `rehearsed`; `more` is known of migrations, or asked of the filter."""
    deploy = {
        "release": "v2",
        "plan": {"previous": previous, "found_closed": found_closed},
        "migrations": {name: more.pop(name, value) for name, value in MIGRATIONS.items()},
        "rehearsal": {"evidence": rehearsed, "seconds": seconds},
        "stage": "test",
        "backups": "/srv/b",
    }
    choice: dict[str, Any] = deploy_strategy(deploy, **more)
    return choice


def evidence(statements: list[str] | None, *, name: str = "app.0002", **more: Any) -> dict[str, Any]:
    return {"name": name, "statements": statements, **more}


@pytest.mark.parametrize("statements", [NULLABLE, KEPT_DEFAULT, CREATE, [], ['CREATE INDEX "i" ON "notice" ("body")']])
def test_what_both_releases_can_live_with_rolls(statements: list[str]) -> None:
    assert chosen([evidence(statements)])["strategy"] == "rolling"


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
    choice = chosen([evidence(statements)])
    assert (choice["strategy"], choice["breaking"]) == ("pause", True)
    assert reason in choice["reasons"][0]


def test_a_hold_must_be_short_or_the_site_is_closed() -> None:
    migrations = [evidence(RENAME, seconds=3.0), evidence(NULLABLE, name="app.0003", seconds=2.5)]
    assert chosen(migrations)["strategy"] == "maintenance"
    assert chosen(migrations, pause_seconds=6)["strategy"] == "pause"
    # Seeds take their time, too.
    assert chosen(migrations, pause_seconds=6, seconds=20)["strategy"] == "maintenance"


def test_the_only_web_host_holds_requests_since_it_cannot_leave() -> None:
    choice = chosen([evidence(NULLABLE)], one_web_host=True)
    assert (choice["strategy"], choice["breaking"]) == ("pause", False)
    assert chosen([], one_web_host=True)["strategy"] == "pause"


def test_a_table_of_an_earlier_migration_of_the_same_deploy_is_unknown_to_the_running_release() -> None:
    later = evidence(['ALTER TABLE "flag" ADD COLUMN "name" text NOT NULL'], name="app.0003")
    assert chosen([evidence(CREATE), later])["strategy"] == "rolling"


SQUASHED: list[str] = []
FLAG_NOT_NULL = ['ALTER TABLE "flag" ALTER COLUMN "name" SET NOT NULL']
THROUGH = ['ALTER TABLE "upload_tags" ADD COLUMN "place" integer NOT NULL']


@pytest.mark.parametrize(
    ("own", "other", "migrations", "complaint"),
    [
        # A table of a model that the other release does not have, whatever has created it.
        (["flag"], ["notice"], [SQUASHED, FLAG_NOT_NULL], None),
        (["flag"], ["notice", "flag"], [SQUASHED, FLAG_NOT_NULL], "NOT NULL"),
        # RunSQL has created it, and no model has it: here, or before, when the other release may use it.
        ([], ["notice"], [["create table flag (id int)"], FLAG_NOT_NULL], None),
        ([], ["notice"], [FLAG_NOT_NULL], "NOT NULL"),
        # A table of its own stands between two models from now on, or the one that did becomes a model.
        (["upload_tags"], ["notice"], [THROUGH], None),
        (["upload_tags"], ["upload_tags"], [THROUGH], "NOT NULL"),
        # A new table gets another name; one that the other release has loses its own.
        (["news"], [], [['ALTER TABLE "old_news" RENAME TO "news"']], "RENAMING tables"),
        (["news"], [], [['CREATE TABLE "draft" ("id" int)', 'ALTER TABLE "draft" RENAME TO "sketch"',
                         'ALTER TABLE "sketch" DROP COLUMN "id"']], None),
        (["news"], ["notice"], [['ALTER TABLE "notice" RENAME TO "news"']], "RENAMING tables"),
        # It goes, and another one takes its name.
        (["notice"], ["notice"], [['DROP TABLE "notice"', 'CREATE TABLE "notice" ("id" int)']], "DROPPING table"),
    ],
)  # fmt: skip
def test_a_table_that_the_other_release_does_not_have_is_no_complaint(
    own: list[str], other: list[str], migrations: list[list[str]], complaint: str | None
) -> None:
    """In both directions: the migrations are those of the release that has the tables `own`."""
    named = {f"app.{number}": statements for number, statements in enumerate(migrations)}
    behind = chosen([], behind=named, running_tables=own, wanted_tables=other)
    ahead = chosen([evidence(s, name=n) for n, s in named.items()], running_tables=other, wanted_tables=own)
    assert (behind["strategy"], ahead["strategy"]) == (("refused", "pause") if complaint else ("rolling", "rolling"))
    assert complaint is None or all(complaint in " ".join(choice["reasons"]) for choice in (ahead, behind))


def test_a_long_lock_closes_the_site_and_a_long_migration_without_one_does_not() -> None:
    locking = evidence(NULLABLE, seconds=30.5, writes=1, locks=["upload"])
    choice = chosen([locking])
    assert choice["strategy"] == "maintenance"
    assert "keeps others from upload for up to 30.5 s" in choice["reasons"][0]
    assert chosen([{**locking, "locks": []}])["strategy"] == "rolling"
    assert chosen([locking], lock_seconds=60)["strategy"] == "rolling"


def test_a_release_that_wants_the_migrations_itself_does_not_wait_for_their_locks() -> None:
    """The database was restored from an older backup. The release lives with the schema; its visitors would wait."""
    locking = evidence(RENAME, seconds=30.5, locks=["notice"])
    choice = chosen([locking], previous="v2")
    assert (choice["strategy"], choice["breaking"]) == ("maintenance", False)
    assert choice["reasons"] == [
        "app.0002 (30.5 s on a copy, 0 statements on rows): keeps others from notice for up to 30.5 s"
    ]
    assert chosen([evidence(RENAME)], previous="v2")["strategy"] == "rolling"
    assert chosen([locking], previous="v2", asked="rolling")["strategy"] == "refused"


def test_rolling_against_the_evidence_is_refused_until_the_migrations_are_named() -> None:
    migrations = [evidence(RENAME), evidence(DROP, name="app.0003")]
    refused = chosen(migrations, asked="rolling", accepted="app.0003")
    assert refused["strategy"] == "refused"
    assert "app.0002: RENAMING columns" in refused["refusal"]
    assert "deploy_accept_migrations=app.0002" in refused["refusal"]
    assert chosen(migrations, asked="rolling", accepted="app.0003, app.0002")["strategy"] == "rolling"


def test_what_is_asked_for_is_done_where_nothing_speaks_against_it() -> None:
    assert chosen([evidence(NULLABLE)], asked="maintenance")["strategy"] == "maintenance"
    assert chosen([], asked="rolling") == {
        "strategy": "rolling",
        "reasons": [],
        "refusal": None,
        "breaking": False,
    }


@pytest.mark.parametrize("asked", ["auto", "maintenance"])
def test_an_older_release_is_refused_where_the_schema_has_moved_past_it(asked: str) -> None:
    choice = chosen([], asked=asked, behind={"app.0003": RENAME, "app.0002": NULLABLE})
    assert choice["strategy"] == "refused"
    assert "make restore STAGE=test FROM=<its name>, which ls -t /srv/b/*-deploy.dump shows" in choice["refusal"]
    assert "make reverse-migrations STAGE=test" in choice["refusal"]
    assert "app.0002:" not in choice["refusal"]
    assert chosen([], behind={"app.0002": NULLABLE})["strategy"] == "rolling"


DEAD: dict[str, Any] = {"found_closed": True, "previous": "v2"}


def test_a_release_does_not_go_on_with_what_only_a_dead_deploy_can_have_migrated() -> None:
    choice = chosen([], newer=["app.0004", "app.0003"], accepted="app.0003", **DEAD)
    assert choice["strategy"] == "refused"
    assert "deploy_accept_migrations=app.0004" in choice["refusal"]
    assert "app.0003" not in choice["refusal"]
    # No host has the release that could reverse them.
    assert "reverse-migrations" not in choice["refusal"]
    assert chosen([], newer=["app.0003"], accepted="app.0003", **DEAD)["strategy"] == "rolling"
    # The release before could tell; or no deploy has died in its migrations.
    assert chosen([], newer=["app.0004"], found_closed=True)["strategy"] == "rolling"
    assert chosen([], newer=["app.0004"], previous="v2")["strategy"] == "rolling"


def test_migrations_happen_to_a_release_that_runs() -> None:
    assert chosen([evidence(RENAME)], previous=None)["strategy"] == "rolling"
    assert chosen([evidence(RENAME)])["strategy"] == "pause"
    # A deploy that died has applied them.
    assert chosen([], ahead={"app.0002": RENAME})["breaking"] is True


def test_the_migrations_of_an_application_that_is_gone_are_one_line() -> None:
    behind = {f"emails.{number:04}": CREATE for number in range(20)} | {"app.0001": [], "app.0002": RENAME}
    reasons = chosen([], behind=behind, running_tables=["flag"])["reasons"]
    assert reasons[0].startswith("app.0002: RENAMING columns")
    assert reasons[1:] == [
        "emails, 20 migrations: both releases can live with it",
        "app.0001: both releases can live with it",
    ]
