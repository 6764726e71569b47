# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.migrations import (
    ADVISORY_LOCK,
    PROGRAM,
    MigrationError,
    Migrations,
    migrate,
)


class Release:
    """Stands for the release's Django: keeps the line that it is given, prints some noise and then its answer."""

    def __init__(self, *, code: int = 0, errors: str = "", **answer: Any) -> None:
        self.line = ""
        answer = {
            "error": None,
            "output": "",
            "applied": [],
            "pending": [],
            "commands": [],
            "left": [],
            "seconds": 1.5,
            "evidence": [],
            **answer,
        }
        self.outcome = (code, "System check\n" + json.dumps(answer), errors)

    def __call__(self, line: str) -> tuple[int, str, str]:
        self.line = line
        return self.outcome


def run(release: Release, *, database: str | None = None, timeout: int = 0) -> Migrations:
    return migrate(
        release,
        commands=["migrate"],
        lock_timeout=5,
        lock_wait=60,
        database=database,
        check_mode=False,
        timeout=timeout,
    )


def test_the_order_is_one_line_and_its_lock_fits_a_bigint() -> None:
    release = Release()
    run(release)
    assert "\n" not in release.line
    assert 0 < json.loads(release.line)["lock"] == ADVISORY_LOCK < 2**63


def test_applied_migrations_are_reported_with_their_evidence() -> None:
    evidence = [{"name": "a.0001", "statements": [], "writes": 1, "seconds": 0.1, "locks": []}]
    release = Release(pending=["a.0001"], applied=["a.0001"], output="OK", evidence=evidence)
    assert run(release) == Migrations(["a.0001"], ["a.0001"], [], "OK", evidence, 1.5)


def test_a_failure_names_what_was_applied_and_what_was_not() -> None:
    release = Release(pending=["a.0001", "a.0002"], applied=["a.0001"], error="IntegrityError: duplicate key")
    with pytest.raises(
        MigrationError, match=r"duplicate key\nApplied before that: a.0001. Not applied: a.0002."
    ) as raised:
        run(release)
    assert raised.value.applied == ["a.0001"]


@pytest.mark.parametrize(
    ("applied", "told"),
    [
        (0, "Applied before that: none. Not applied: a.0, a.1, 24 more.\n"),
        (3, "Applied before that: 1 more, a.1, a.2. Not applied: a.3, a.4, 21 more.\n"),
        (24, "Applied before that: 22 more, a.22, a.23. Not applied: a.24, a.25.\n"),
        (25, "Applied before that: 23 more, a.23, a.24. Not applied: a.25.\n"),
    ],
)
def test_of_many_migrations_those_next_to_the_failure_are_named(applied: int, told: str) -> None:
    names = [f"a.{number}" for number in range(26)]
    with pytest.raises(MigrationError) as raised:
        run(Release(pending=names, applied=names[:applied], error="IntegrityError: duplicate key"))
    assert told in str(raised.value)
    assert raised.value.applied == names[:applied]


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
    options: dict[str, Any] = {"commands": [], "lock_timeout": 5, "lock_wait": 5, "check_mode": False}
    migrate(release, **options, database="amy_rehearsal", server=server)
    assert json.loads(release.line)["server"] == server


# Django, as far as the program uses it. What `migrate` does, and whether the database answers afterwards, is in a file.
DJANGO = """
import contextlib, json, pathlib, sys, time, types

play, applied = json.loads(pathlib.Path("play.json").read_text()), []
plans = []

class Cursor(contextlib.ExitStack):
    def execute(self, *_): pass
    def fetchone(self): return [play["locked"]]
    def fetchall(self): return []

class Connection:
    settings_dict = {}
    @property
    def connection(self): return self
    def set_autocommit(self, _): pass
    def copy(self): return self
    def close(self): pass
    def cursor(self): return Cursor()
    def execute_wrapper(self, _): return contextlib.nullcontext()

class Executor:
    def __init__(self, _):
        graph = types.SimpleNamespace(leaf_nodes=lambda: ["leaf"], nodes={})
        self.loader = types.SimpleNamespace(graph=graph, disk_migrations={})
    def migration_plan(self, _):
        plans.append(1)
        if len(plans) > 1 and play["silent"]:
            raise OSError("the database is gone")
        names = [name for name in ("0001", "0002") if name not in applied and not play["migrated"]]
        return [(types.SimpleNamespace(app_label="a", name=name), False) for name in names]

def call_command(name, *words, **__):
    if name == "sleep":
        return time.sleep(0.3)
    if name != "migrate":
        print("ran", name)
        return sys.exit(play["seed"]) if play["seed"] else None
    applied.append("0001")
    if play["exits"]:
        sys.exit(3)
    if "a" in words:
        return
    applied.append("0002")

def setup(): pass

for name, contents in {
    "core": {}, "core.management": {"call_command": call_command},
    "core.management.sql": {"emit_pre_migrate_signal": None}, "db.backends": {},
    "db.backends.signals": {"connection_created": types.SimpleNamespace(connect=lambda _: None)},
    "db": {"connections": {"default": Connection()}},
    "db.migrations": {}, "db.migrations.executor": {"MigrationExecutor": Executor},
}.items():
    sys.modules["django." + name] = types.SimpleNamespace(**contents)
"""


def played(
    folder: Path, *, commands: tuple[str, ...] = ("migrate",), check_mode: bool = False, **play: Any
) -> Migrations:
    """Run the program itself beside a Django that plays a part."""
    (folder / "django.py").write_text(DJANGO)
    (folder / "play.json").write_text(
        json.dumps({"locked": True, "silent": False, "exits": False, "migrated": False, "seed": 0, **play})
    )

    def execute(line: str) -> tuple[int, str, str]:
        program = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(program, input=line, cwd=folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    options: dict[str, Any] = {"commands": [*commands], "lock_timeout": 5, "check_mode": check_mode}
    return migrate(execute, **options, lock_wait=0, database=None)


def test_the_program_tells_what_it_has_applied(tmp_path: Path) -> None:
    assert played(tmp_path).applied == ["a.0001", "a.0002"]


def test_a_command_that_exits_is_a_failure_that_knows_what_was_applied(tmp_path: Path) -> None:
    with pytest.raises(
        MigrationError, match=r"SystemExit: 3\nApplied before that: a.0001. Not applied: a.0002."
    ) as raised:
        played(tmp_path, exits=True)
    assert raised.value.applied == ["a.0001"]


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        # It may have been applied to the last migration, or to none.
        ({"silent": True}, "OSError: the database is gone"),
        ({"silent": True, "exits": True}, "SystemExit: 3"),
        # The lock's holder may be a program that has lost its controller, and commit in a moment.
        ({"locked": False}, "another migration has held the lock"),
    ],
)
def test_what_was_applied_is_left_open_where_it_is_not_known(tmp_path: Path, play: dict[str, Any], reason: str) -> None:
    with pytest.raises(MigrationError, match=rf"{reason}(.|\n)*It is not known which migrations") as raised:
        played(tmp_path, **play)
    assert raised.value.applied is None


COMMANDS = ("migrate --noinput", "createcachetable", "runscript seed_emails")


@pytest.mark.parametrize("migrated", [False, True])
def test_each_command_runs_whether_or_not_a_migration_is_pending(tmp_path: Path, migrated: bool) -> None:
    done = played(tmp_path, commands=COMMANDS[:1] + COMMANDS[1:2] * 2, migrated=migrated)
    assert done.commands == [COMMANDS[0], COMMANDS[1], COMMANDS[1]]
    assert done.applied == ([] if migrated else ["a.0001", "a.0002"])
    assert done.output.count("ran createcachetable") == 2


def test_a_command_that_fails_after_the_migrations_is_named_and_runs_in_the_next_deploy(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=r"SystemExit: 3\n") as raised:
        played(tmp_path, commands=COMMANDS, seed=3)
    assert raised.value.applied == ["a.0001", "a.0002"]
    assert "The database refused manage.py createcachetable: SystemExit: 3\n" in str(raised.value)
    with pytest.raises(MigrationError, match="There was no migration to apply") as raised:
        played(tmp_path, commands=COMMANDS, seed=3, migrated=True)
    assert raised.value.applied == []
    assert "manage.py createcachetable" in str(raised.value)


def test_commands_that_leave_migrations_pending_are_a_failure_that_names_them(tmp_path: Path) -> None:
    with pytest.raises(MigrationError) as raised:
        played(tmp_path, commands=("migrate --noinput a 0001", "createcachetable"))
    assert raised.value.applied == ["a.0001"]
    told = str(raised.value)
    assert told.startswith(
        "The database still lacks migrations after release_migrate_commands (migrate --noinput a 0001, "
    )
    assert "\nApplied before that: a.0001. Not applied: a.0002.\n" in told
    assert "Add migrate --noinput to release_migrate_commands" in told
    assert played(tmp_path, commands=("migrate --noinput a 0001", "migrate --noinput")).applied == ["a.0001", "a.0002"]


def test_a_dry_run_runs_no_command(tmp_path: Path) -> None:
    assert played(tmp_path, commands=COMMANDS, seed=3, check_mode=True).commands == []


def test_a_program_that_does_not_end_in_time_says_so() -> None:
    with pytest.raises(
        MigrationError, match=r"took longer than 600 s(.|\n)*It is not known which migrations"
    ) as raised:
        run(Release(code=124), timeout=600)
    assert raised.value.applied is None
    assert "release_migrate_timeout" in str(raised.value)


def test_all_that_the_commands_take_is_measured(tmp_path: Path) -> None:
    assert played(tmp_path, commands=("migrate", "sleep")).seconds >= 0.3


def test_a_program_that_is_killed_does_not_say_that_nothing_was_applied() -> None:
    with pytest.raises(MigrationError, match="It is not known which migrations") as raised:
        run(Release(code=-9, errors="Killed"))
    assert raised.value.applied is None


def test_a_rehearsal_that_is_killed_has_left_the_database_alone() -> None:
    with pytest.raises(MigrationError, match="The database itself is untouched"):
        run(Release(code=-9, errors="Killed"), database="amy_rehearsal")
