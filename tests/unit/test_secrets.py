# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown: variables that hold one say so, and tasks that handle one are silent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.document_roles import read_options

ROLES = Path(__file__).resolve().parents[2] / "roles"
ALL_ROLES = sorted(path.name for path in ROLES.iterdir())
# What holds a value that is to be kept: a list with such a name holds names.
SECRET_NAME = re.compile(r"(?:password|passwords|secret|secrets|token|private_key)$")
KEYWORDS = {
    "name",
    "when",
    "register",
    "vars",
    "notify",
    "no_log",
    "diff",
    "changed_when",
    "failed_when",
    "environment",
}
# Modules that show no argument: assert shows its expressions, and the collection's own mask what they are given, which
# ansible-test's validate-modules checks; as those of community.postgresql mask passwords.
SILENT = re.compile(r"ansible\.builtin\.assert|carpentries\.amy\.\w+|community\.postgresql\.\w+")

# It shows eight digits of a digest.
HARMLESS = {("release", "Name the release")}


def secrets_of(role: str) -> set[str]:
    return {name for name, option in read_options(ROLES / role).items() if option.get("no_log")}


def tasks_of(role: str) -> list[dict[str, Any]]:
    paths = sorted((ROLES / role).glob("tasks/*.yml")) + sorted((ROLES / role).glob("handlers/*.yml"))
    return [task for path in paths for task in flat(yaml.safe_load(path.read_text(encoding="utf-8")) or [], {})]


def flat(tasks: list[dict[str, Any]], outer: dict[str, Any]) -> list[dict[str, Any]]:
    """`tasks` without blocks; what a block says counts for its tasks."""
    found: list[dict[str, Any]] = []
    for task in tasks:
        own: dict[str, Any] = {key: task[key] for key in ("no_log", "diff") if key in task}
        said = {**outer, **own}
        inner = [step for part in ("block", "rescue", "always") for step in task.get(part, [])]
        found += flat(inner, said) if inner else [{**said, **task}]
    return found


def shown(role: str, task: dict[str, Any]) -> str:
    """All that a task might show: its module's arguments, and what a template makes of them."""
    arguments = {key: value for key, value in task.items() if key not in KEYWORDS and not SILENT.fullmatch(key)}
    template = arguments.get("ansible.builtin.template")
    if template is None:
        return yaml.safe_dump(arguments)
    items = task.get("loop", [""])
    sources = {ROLES / role / "templates" / template["src"].replace("{{ item }}", item) for item in items}
    return "\n".join([yaml.safe_dump(arguments), *(path.read_text(encoding="utf-8") for path in sources)])


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a_variable_that_holds_a_secret_says_so(role: str) -> None:
    holders = {
        name
        for name, option in read_options(ROLES / role).items()
        if SECRET_NAME.search(name) and option.get("type") != "list"
    }
    assert holders - secrets_of(role) == set(), "give them no_log: true in meta/argument_specs.yml"


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a_task_that_handles_a_secret_is_silent(role: str) -> None:
    loud = [
        task["name"]
        for task in tasks_of(role)
        if secrets_of(role) & set(re.findall(r"\w+", shown(role, task)))
        and (role, task["name"]) not in HARMLESS
        and not task.get("no_log")
        and task.get("diff") is not False
    ]
    assert loud == [], "give them no_log: true, or diff: false where a file's content is all that could be shown"
