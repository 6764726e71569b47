# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command that a message tells an operator to run names its stage: without one it would go to the stage `local`.

A role takes `stage` from the inventory, if there is one. Only a module cannot know its stage. It writes
`STAGE=<stage>`, and what shows its message names the stage there (`name_stage`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The Makefile says which commands have a stage.
WITH_STAGE = re.findall(r"^([a-z-]+):.* known-stage\b", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
COMMAND = re.compile(rf"\bmake (?:{'|'.join(WITH_STAGE)})(?![\w-])(?: \"?[A-Z]+=[^\s`]*)*")
FOLDERS = ("plugins", "roles", "playbooks", "scripts", "lab")
KINDS = {".py", ".yml", ".j2", ".sh", ".html", ".conf"}
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if path.suffix in KINDS and "meta" not in path.parts
)
# What a lock, a hold or a mark is called after: no advice.
NAMES = re.compile(
    r"lock_reason: make \S+( PHASE=\S+)?|deploy_reason: make \S+|deploy_reason \| default\('make deploy'\)"
    r"|\(make modernize\)"
)
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN", "DEPLOY", "ROLLBACK"}


def messages(path: Path) -> Iterator[str]:
    """Give the texts of a file that are neither comments nor documentation, each in one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from (" ".join(found.split()) for found in strings(ast.parse(text)))
        return
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    text = NAMES.sub("", " ".join(" ".join(lines).split()))
    # An expression is a word of the command, unless the command is in it.
    text = re.sub(r"\{\{(?:(?!\}\}|make ).)*\}\}", "X", text)
    yield re.sub(r"' ~ [^'{}]+ ~ '", "X", text)


def strings(tree: ast.AST) -> Iterator[str]:
    """Give all strings of a program but its documentation."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in DOCUMENTATION:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        else:
            yield from strings(node)


def test_the_makefile_has_commands_with_a_stage() -> None:
    assert {"deploy", "restore", "reverse-migrations", "status"} <= set(WITH_STAGE)
    assert "local-down" not in WITH_STAGE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_names_its_stage(path: Path) -> None:
    commands = [command for text in messages(path) for command in COMMAND.findall(text)]
    assert [command for command in commands if "STAGE=" not in command] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_a_module_leaves_the_stage_to_what_shows_its_message(path: Path) -> None:
    stages = {stage for text in messages(path) for stage in re.findall(r"STAGE=(<[^>]*>)", text)}
    is_of_a_module = path.is_relative_to(ROOT / "plugins")
    assert stages <= ({"<stage>"} if is_of_a_module else set())
