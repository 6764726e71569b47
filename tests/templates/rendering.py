# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a role's template as Ansible does, from the role's own defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).parents[2] / "roles"
VARIABLES = Path(__file__).parent / "variables"
# It reads a file once, and gives a copy to each that asks.
LOADER = DataLoader()


@dataclass(frozen=True)
class Template:
    """A template of a role; `path` is relative to the role's folder templates/."""

    role: str
    path: str

    @property
    def output(self) -> str:
        """The path without `.j2`."""
        return self.path.removesuffix(".j2")

    def __str__(self) -> str:
        return f"{self.role}/{self.path}"


def all_templates() -> list[Template]:
    """Every template of every role."""
    return [
        Template(role=folder.parent.name, path=str(file.relative_to(folder)))
        for folder in sorted(ROLES.glob("*/templates"))
        for file in sorted(folder.rglob("*.j2"))
    ]


def render(template: Template, **overrides: Any) -> str:
    """The template's text with the role's defaults, its vars, `variables/<role>.yml` and OVERRIDES, in that order.

    Whatever is undefined raises AnsibleUndefinedVariable.
    """
    templar = templar_of(template.role, **overrides)
    folder = ROLES / template.role / "templates"
    environment = templar.copy_with_new_env(searchpath=[str(folder)])
    text = (folder / template.path).read_text(encoding="utf-8")
    rendered: str = environment.template(trust_as_template(text), fail_on_undefined=True, escape_backslashes=False)
    return rendered


def evaluate(role: str, variable: str, **overrides: Any) -> Any:
    """The value of a role's VARIABLE, as a task of the role would see it."""
    return templar_of(role, **overrides).template(trust_as_template("{{ " + variable + " }}"))


def published_facts(role: str) -> dict[str, Any]:
    """What the role's tasks/publish_sources.yml sets."""
    (task,) = LOADER.load_from_file(str(ROLES / role / "tasks/publish_sources.yml"), trusted_as_template=True)
    facts: dict[str, Any] = templar_of(role).template(task["ansible.builtin.set_fact"], fail_on_undefined=True)
    return facts


def templar_of(role: str, **overrides: Any) -> Templar:
    """What renders with a role's variables; see `render`."""
    variables: dict[str, Any] = {"ansible_managed": "Ansible managed", "ansible_check_mode": False}
    for file in (ROLES / role / "defaults/main.yml", ROLES / role / "vars/main.yml", VARIABLES / f"{role}.yml"):
        if file.exists():
            variables |= LOADER.load_from_file(str(file), trusted_as_template=True) or {}
    return Templar(loader=LOADER, variables=variables | overrides)
