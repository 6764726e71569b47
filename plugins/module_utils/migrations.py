# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a Django application's migrations once, whoever else tries: under an advisory lock and with a lock timeout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Runs inside the release's own environment, read from standard input; it knows Django, this file does not.
# The lock is a session's: it ends with the process, so a killed migration leaves nothing to clear up.
PROGRAM = r"""
import contextlib, io, json, os, shlex, sys, time
import django
order = json.loads(sys.stdin.readline())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", order["settings"])
sys.path.insert(0, os.getcwd())
django.setup()
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

def pending():
    executor = MigrationExecutor(connections["default"])
    return [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]

def locked(keeper, deadline):
    while True:
        with keeper.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [order["lock"]])
            if cursor.fetchone()[0]:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(1)

before = pending()
answer = {"pending": before, "applied": [], "output": "", "error": None}
if before and not order["check_mode"]:
    keeper = connections["default"].copy()
    output = io.StringIO()
    try:
        if not locked(keeper, time.monotonic() + order["lock_wait"]):
            answer["error"] = f"another migration has held the lock for {order['lock_wait']} s"
        else:
            options = connections["default"].settings_dict.setdefault("OPTIONS", {})
            options["options"] = f"{options.get('options', '')} -c lock_timeout={order['lock_timeout'] * 1000}".strip()
            connections["default"].close()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                for command in order["commands"]:
                    call_command(*shlex.split(command))
    except Exception as error:
        answer["error"] = f"{type(error).__name__}: {error}".strip()
    finally:
        keeper.close()
    after = pending()
    answer["applied"] = [name for name in before if name not in after]
    answer["output"] = output.getvalue()[-4000:]
print("\n" + json.dumps(answer))
"""

# Any fixed number serves, as long as no other program uses it: the bytes of "amy-mig".
ADVISORY_LOCK = int.from_bytes(b"amy-mig", "big")


class MigrationError(Exception):
    """The migrations did not all succeed; the message says which did, why the next did not, and what to do."""


@dataclass(frozen=True)
class Migrations:
    """What a run found and did: names as `app.0001_name`, in the order of the plan."""

    pending: list[str]
    applied: list[str]
    output: str


def order(*, settings: str, commands: list[str], lock_timeout: int, lock_wait: int, check_mode: bool) -> str:
    """Return the line that PROGRAM reads from standard input. Times are seconds."""
    return json.dumps(
        {
            "settings": settings,
            "commands": commands,
            "lock": ADVISORY_LOCK,
            "lock_timeout": lock_timeout,
            "lock_wait": lock_wait,
            "check_mode": check_mode,
        }
    )


def run(*, execute: Callable[[str], tuple[int, str, str]], line: str) -> Migrations:
    """Return what happened. `execute` runs PROGRAM with the line as input and gives (return code, output, errors).

    Raises MigrationError when the program failed or reports an error.
    """
    code, output, errors = execute(line)
    if code:
        last = (errors or output).strip().splitlines()[-12:]
        raise MigrationError("The release could not read its migrations:\n" + "\n".join(last))
    answer: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    if answer["error"]:
        raise MigrationError(_failure(answer))
    return Migrations(answer["pending"], answer["applied"], answer["output"])


def _failure(answer: dict[str, Any]) -> str:
    applied = ", ".join(answer["applied"]) or "none"
    left = ", ".join(name for name in answer["pending"] if name not in answer["applied"])
    return (
        f"The database refused the migrations: {answer['error']}\n"
        f"Applied before that: {applied}. Not applied: {left}.\n"
        "The application's hosts still run the release they ran before. "
        "Correct the migration or the data it stumbled over, then deploy again."
    )
