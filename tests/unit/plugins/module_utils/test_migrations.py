# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.migrations import (
    ADVISORY_LOCK,
    MigrationError,
    Migrations,
    migrate,
)


class Release:
    """Stands for the release's Django: keeps the line that it is given, prints some noise and then its answer."""

    def __init__(self, *, code: int = 0, errors: str = "", **answer: Any) -> None:
        self.line = ""
        answer = {"error": None, "output": "", "applied": [], "pending": [], "evidence": [], **answer}
        self.outcome = (code, "System check\n" + json.dumps(answer), errors)

    def __call__(self, line: str) -> tuple[int, str, str]:
        self.line = line
        return self.outcome


def run(release: Release, *, database: str | None = None) -> Migrations:
    return migrate(
        release,
        settings="config.settings",
        commands=["migrate"],
        lock_timeout=5,
        lock_wait=60,
        database=database,
        check_mode=False,
    )


def test_the_order_is_one_line_and_its_lock_fits_a_bigint() -> None:
    release = Release()
    run(release)
    assert "\n" not in release.line
    assert 0 < json.loads(release.line)["lock"] == ADVISORY_LOCK < 2**63


def test_applied_migrations_are_reported_with_their_evidence() -> None:
    evidence = [{"name": "a.0001", "statements": [], "writes": 1, "seconds": 0.1, "locks": []}]
    release = Release(pending=["a.0001"], applied=["a.0001"], output="OK", evidence=evidence)
    assert run(release) == Migrations(["a.0001"], ["a.0001"], "OK", evidence)


def test_a_failure_names_what_was_applied_and_what_was_not() -> None:
    release = Release(pending=["a.0001", "a.0002"], applied=["a.0001"], error="IntegrityError: duplicate key")
    with pytest.raises(
        MigrationError, match=r"duplicate key\nApplied before that: a.0001. Not applied: a.0002."
    ) as raised:
        run(release)
    assert raised.value.applied == ["a.0001"]


def test_a_failed_rehearsal_says_that_the_database_is_untouched() -> None:
    with pytest.raises(
        MigrationError, match=r"^A copy of today's database refused(.|\n)*The database itself is untouched"
    ):
        run(Release(pending=["a.0001"], error="IntegrityError: duplicate key"), database="amy_rehearsal")


def test_a_release_that_cannot_start_is_told_by_its_last_lines() -> None:
    with pytest.raises(MigrationError, match="APP_SECRET_KEY is not set"):
        run(Release(code=1, errors="Traceback\nImproperlyConfigured: APP_SECRET_KEY is not set"))


def test_a_rehearsal_elsewhere_is_led_there_by_the_order_and_not_by_arguments() -> None:
    release = Release()
    server = {"host": "copies.example.test", "port": 5432, "user": "amy", "password": "secret"}
    options: dict[str, Any] = {"settings": "s", "commands": [], "lock_timeout": 5, "lock_wait": 5, "check_mode": False}
    migrate(release, **options, database="amy_rehearsal", server=server)
    assert json.loads(release.line)["server"] == server
