# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.module_utils._release_program import ReleaseProgramError, ask, executor, program_command


def test_the_answer_is_the_last_line_whatever_the_application_prints() -> None:
    assert ask(lambda _line: (0, 'a warning\n{"applied": ["a.0001"]}\n', ""), {}) == {"applied": ["a.0001"]}


def test_the_order_is_one_line_of_json() -> None:
    heard: list[str] = []

    def execute(line: str) -> tuple[int, str, str]:
        heard.append(line)
        return 0, "{}", ""

    ask(execute, {"release": "v1", "text": "two\nlines"})
    assert heard == ['{"release": "v1", "text": "two\\nlines"}']


@pytest.mark.parametrize(("output", "errors"), [("", "Traceback\nValueError: no"), ("Traceback\nValueError: no", "")])
def test_a_failure_has_the_last_words(output: str, errors: str) -> None:
    with pytest.raises(ReleaseProgramError, match="ValueError: no"):
        ask(lambda _line: (1, output, errors), {})


@pytest.mark.parametrize("output", ["", "\n", "Migrating ...", "[]"], ids=["nothing", "a line", "words", "no object"])
def test_a_program_that_ends_well_without_an_answer_has_failed(output: str) -> None:
    with pytest.raises(ReleaseProgramError, match="a last word"):
        ask(lambda _line: (0, output, "a last word"), {})


@pytest.mark.parametrize(("timeout", "limit"), [(None, []), (300, ["timeout", "300"])])
def test_the_program_runs_as_the_user_in_the_release(timeout: int | None, limit: list[str]) -> None:
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        calls.append((command, options))
        return 0, "{}", ""

    parameters = {"path": "/site/releases/v1", "user": "amy"}
    execute = executor(SimpleNamespace(params=parameters, run_command=run_command), "print()", timeout=timeout)
    assert execute("order") == (0, "{}", "")
    command, options = calls[0]
    wanted = program_command(release=Path("/site/releases/v1"), user="amy", program="print()")
    assert command == [*limit, *wanted]
    assert wanted[:7] == ["runuser", "-u", "amy", "--", "env", "HOME=/site", "USER=amy"]
    assert wanted[7:11] == ["/site/releases/v1/.venv/bin/with-environment", "python", "manage.py", "shell"]
    assert options == {"data": "order", "cwd": "/site/releases/v1"}


# Applications in a folder that manage.py puts at the end of sys.path. One is called as a module of the standard library
# which must go on to win. manage.py alone names the settings.
MANAGE = """
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.live")
    from django.core.management import execute_from_command_line
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "apps"))
    execute_from_command_line(sys.argv)
"""
SETTINGS = """
import os
SECRET_KEY, INSTALLED_APPS, USE_TZ = "a key", ["ledger", "locale"], True
MOTTO = os.environ["MOTTO"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""
PROGRAM = """
import json, locale, sys
from django.apps import apps
from django.conf import settings

def answer():
    return {"order": order, "apps": sorted(a.label for a in apps.get_app_configs()), "motto": settings.MOTTO}

order = json.loads(sys.stdin.readline())
locale.normalize("de")
print(json.dumps(answer()))
"""


def test_a_program_sees_what_manage_py_sees(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "v1"
    for name, text in {
        "manage.py": MANAGE,
        "project/live.py": SETTINGS,
        "apps/ledger/apps.py": 'from django.apps import AppConfig\nclass Ledger(AppConfig):\n    name = "ledger"\n',
        "apps/locale/__init__.py": "",
        ".venv/bin/with-environment": f'#!/bin/sh\nPATH={Path(sys.executable).parent}:$PATH MOTTO=here exec "$@"\n',
    }.items():
        (release / name).parent.mkdir(parents=True, exist_ok=True)
        (release / name).write_text(text)
    (release / ".venv/bin/with-environment").chmod(0o755)

    def execute(line: str) -> tuple[int, str, str]:
        command = program_command(release=release, user="amy", program=PROGRAM)
        as_anyone = command[command.index("--") + 1 :]
        done = subprocess.run(as_anyone, cwd=release, input=line, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert ask(execute, {"n": 1}) == {"order": {"n": 1}, "apps": ["ledger", "locale"], "motto": "here"}
