# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plugins.module_utils._release_program import ReleaseProgramError, ask, executor


def test_the_answer_is_the_last_line_whatever_the_application_prints() -> None:
    assert ask(lambda _line: (0, 'a warning\n{"applied": ["a.0001"]}\n', ""), {}) == {"applied": ["a.0001"]}


def test_the_order_is_one_line_of_json() -> None:
    heard: list[str] = []

    def execute(line: str) -> tuple[int, str, str]:
        heard.append(line)
        return 0, "{}", ""

    ask(execute, {"settings": "config.settings", "text": "two\nlines"})
    assert heard == ['{"settings": "config.settings", "text": "two\\nlines"}']


@pytest.mark.parametrize(("output", "errors"), [("", "Traceback\nValueError: no"), ("Traceback\nValueError: no", "")])
def test_a_failure_has_the_last_words(output: str, errors: str) -> None:
    with pytest.raises(ReleaseProgramError, match="ValueError: no"):
        ask(lambda _line: (1, output, errors), {})


@pytest.mark.parametrize("output", ["", "\n", "Migrating ...", "[]"], ids=["nothing", "a line", "words", "no object"])
def test_a_program_that_ends_well_without_an_answer_has_failed(output: str) -> None:
    with pytest.raises(ReleaseProgramError, match="a last word"):
        ask(lambda _line: (0, output, "a last word"), {})


def test_the_program_runs_as_the_user_in_the_release() -> None:
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        calls.append((command, options))
        return 0, "{}", ""

    parameters = {"path": "/releases/v1", "user": "amy"}
    execute = executor(SimpleNamespace(params=parameters, run_command=run_command), "print()")
    assert execute("order") == (0, "{}", "")
    command, options = calls[0]
    assert command[:3] == ["runuser", "-u", "amy"]
    assert command[4:] == ["/releases/v1/.venv/bin/with-environment", "python", "-c", "print()"]
    assert options == {"data": "order", "cwd": "/releases/v1"}
