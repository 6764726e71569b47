# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.migrations import (
    ADVISORY_LOCK,
    MigrationError,
    Migrations,
    order,
    run,
)


def answering(*, code: int = 0, errors: str = "", **answer: Any) -> Any:
    """Return an `execute` whose program prints some noise and then its answer."""
    return lambda line: (code, "System check\n" + json.dumps({"error": None, "output": "", **answer}), errors)


def test_the_order_is_one_line_and_its_lock_fits_a_bigint() -> None:
    line = order(settings="config.settings", commands=["migrate"], lock_timeout=5, lock_wait=60, check_mode=False)
    assert "\n" not in line
    assert 0 < json.loads(line)["lock"] == ADVISORY_LOCK < 2**63


def test_applied_migrations_are_reported() -> None:
    execute = answering(pending=["a.0001"], applied=["a.0001"], output="OK")
    assert run(execute=execute, line="") == Migrations(["a.0001"], ["a.0001"], "OK")


def test_a_failure_names_what_was_applied_and_what_was_not() -> None:
    execute = answering(pending=["a.0001", "a.0002"], applied=["a.0001"], error="IntegrityError: duplicate key")
    with pytest.raises(MigrationError, match=r"duplicate key\nApplied before that: a.0001. Not applied: a.0002."):
        run(execute=execute, line="")


def test_a_release_that_cannot_start_is_told_by_its_last_lines() -> None:
    execute = answering(code=1, errors="Traceback\nImproperlyConfigured: APP_SECRET_KEY is not set")
    with pytest.raises(MigrationError, match="APP_SECRET_KEY is not set"):
        run(execute=execute, line="")
