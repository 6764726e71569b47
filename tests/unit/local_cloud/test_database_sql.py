# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from lab.local_cloud.database_sql import identifier, literal, setup_sql


def test_quotes() -> None:
    assert literal("it's \\ :x") == "'it''s \\ :x'"
    assert identifier('a"b') == '"a""b"'
    for bad in ("", "a\0b"):
        with pytest.raises(ValueError, match="PostgreSQL"):
            identifier(bad)
    with pytest.raises(ValueError, match="NUL"):
        literal("a\0b")


def test_master_is_no_superuser_and_owns_the_database() -> None:
    sql = setup_sql(user="amy", password="p", database="amy")
    assert "LOGIN CREATEDB CREATEROLE PASSWORD 'p'" in sql
    assert " SUPERUSER" not in sql
    assert 'CREATE DATABASE "amy" OWNER "amy"' in sql


def test_no_database_is_made_when_none_is_named() -> None:
    assert "CREATE DATABASE" not in setup_sql(user="amy", password="p", database=None)


def test_a_second_run_creates_nothing() -> None:
    creating = [line for line in setup_sql(user="a", password="p", database="d").splitlines() if "CREATE " in line]
    assert creating
    assert all("WHERE NOT EXISTS" in line for line in creating)
