# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a program inside a release's own Django: it reads one line of JSON, and the last line it prints is its answer.

`manage.py shell` runs it, so the program sees exactly what the application's own commands see: whatever manage.py does
to sys.path, to the settings and to the environment is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The start of each program about migrations: the order is read. `server` is how it logs in if not as the release's
# settings say. `database` is the name of another database, in which everything then happens.
PRELUDE = r"""
import contextlib, io, json, re, shlex, sys, time
order = json.loads(sys.stdin.readline())
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

connection = connections["default"]
# The application's own pool keeps sessions for other work, and has few.
connection.close()
connection.settings_dict.get("OPTIONS", {}).pop("pool", None)
login = order.get("server") or {}
connection.settings_dict.update({name.upper(): value for name, value in login.items() if value is not None})
if order.get("database"):
    connection.settings_dict["NAME"] = order["database"]
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        if cursor.fetchone()[0] != order["database"]:
            sys.exit(f"the release's settings lead to another database than {order['database']}")
"""

# The options of each module that runs such a program.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
}

# The option of those that may have to log in as the database's owner, or on another server.
SERVER: dict[str, Any] = {
    "type": "dict",
    "options": {
        "host": {"type": "str"},
        "port": {"type": "int"},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
    },
}

Execute = Callable[[str], tuple[int, str, str]]
# What timeout(1) answers with when the time is over.
TIMED_OUT = 124
# What env(1) answers with when it cannot run the release's program, or does not find it.
NOT_RUN = (126, 127)


class ReleaseProgramError(Exception):
    """The program did not come to its answer: its exit `code`, and a message with its last words."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


def executor(module: Any, program: str, *, timeout: int | None = None) -> Execute:
    """Return what runs `program`, given its input, as the user and in the release that the module's ARGUMENTS name.

    After `timeout` seconds the program is ended, and its code is TIMED_OUT.
    """
    # By a link the site's folder would be another, and the link may be led elsewhere meanwhile.
    release = Path(module.params["path"]).resolve()
    command = program_command(release=release, user=module.params["user"], program=program)

    def execute(line: str) -> tuple[int, str, str]:
        limited = ["timeout", str(timeout), *command] if timeout else command
        code, output, errors = module.run_command(limited, data=line, cwd=str(release))
        return int(code), str(output), str(errors)

    return execute


def program_command(*, release: Path, user: str, program: str) -> list[str]:
    """The command that runs `program` as the supervisor runs the application; its directory must be `release`."""
    site_root = release.parent.parent
    # A module of its own: before Django 3.0, what `shell` runs cannot define functions that see each other.
    code = f"exec(compile({program!r}, 'program', 'exec'), {{'__name__': '__main__'}})"
    return [
        *("runuser", "-u", user, "--", "env", f"HOME={site_root}", f"USER={user}"),
        *(str(release / ".venv/bin/with-environment"), "python", "manage.py", "shell", "-c", code),
    ]


def ask(execute: Execute, order: dict[str, Any]) -> dict[str, Any]:
    """Return the program's answer to an order. Raises ReleaseProgramError if it fails, or gives none."""
    code, output, errors = execute(json.dumps(order))
    answer = None if code else _answer(output)
    if answer is None:
        last = (errors or output).strip().splitlines()[-12:] or ["it printed nothing"]
        raise ReleaseProgramError("The release's own code has failed:\n" + "\n".join(last), code=code)
    return answer


def _answer(output: str) -> dict[str, Any] | None:
    """The JSON object in the last line; None if there is none."""
    try:
        answer = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
