# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role describes its variables in one place, and that description is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.local_cloud.distributions import DISTRIBUTIONS
from plugins.module_utils.release.site import KEPT
from scripts.document_roles import ROLES, documented, read_options

ALL_ROLES = sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir())
FOLDERS = ("tasks", "handlers", "templates", "defaults", "vars")


def load(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def text_of(role: str) -> str:
    """Everything a role is made of, but its comments."""
    files = [path for folder in FOLDERS for path in sorted((ROLES / role / folder).rglob("*")) if path.is_file()]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def words_with_prefix(text: str, prefix: str) -> set[str]:
    """The variables in `text` that begin with `prefix`; file names, quoted keys and attributes are none."""
    return set(re.findall(rf"(?<![\w./-]){prefix}_\w+(?![\w.-]*/|\.(?:yml|j2|conf|service|json)\b)", text))


def published_facts(role: str) -> set[str]:
    """The facts and results without the internal prefix that a role leaves for those who include it."""
    facts: set[str] = set()
    for path in sorted((ROLES / role / "tasks").glob("*.yml")):
        for task in flat(yaml.safe_load(path.read_text(encoding="utf-8")) or []):
            facts |= (set(task.get("ansible.builtin.set_fact", {})) | {task.get("register", "__")}) - {"cacheable"}
    return {name for name in facts if not name.startswith("__")}


def flat(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`tasks` and those in their blocks."""
    inner = [step for task in tasks for part in ("block", "rescue", "always") for step in flat(task.get(part, []))]
    return [*tasks, *inner]


@pytest.mark.parametrize("role", ALL_ROLES)
def test_every_role_is_specified(role: str) -> None:
    assert "main" in load(ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]


@pytest.mark.parametrize("role", ALL_ROLES)
def test_public_variables_bear_the_roles_name(role: str) -> None:
    assert [name for name in read_options(ROLES / role) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", ALL_ROLES)
def test_defaults_are_those_of_the_specification(role: str) -> None:
    specified = {name: option["default"] for name, option in read_options(ROLES / role).items() if "default" in option}
    assert load(ROLES / role / "defaults" / "main.yml") == specified


@pytest.mark.parametrize("role", ALL_ROLES)
def test_a_variable_is_required_or_has_a_default_and_is_described(role: str) -> None:
    options = read_options(ROLES / role)
    assert [name for name, option in options.items() if option.get("required") and "default" in option] == []
    assert [name for name, option in options.items() if not option.get("description")] == []


@pytest.mark.parametrize("role", ALL_ROLES)
def test_the_readme_is_up_to_date(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text(encoding="utf-8")
    assert readme == documented(readme, role=ROLES / role), "run: make document"


@pytest.mark.parametrize("role", ALL_ROLES)
def test_every_variable_in_use_is_specified_or_published(role: str) -> None:
    unknown = words_with_prefix(text_of(role), role) - set(read_options(ROLES / role))
    assert unknown - published_facts(role) == set()


@pytest.mark.parametrize("role", ALL_ROLES)
def test_the_readme_names_the_facts_that_the_role_publishes(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(published_facts(role)) if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("role", ALL_ROLES)
def test_every_specified_variable_is_used(role: str) -> None:
    assert set(read_options(ROLES / role)) - words_with_prefix(text_of(role), role) == set()


@pytest.mark.parametrize("role", ALL_ROLES)
def test_no_role_knows_another_ones_variables(role: str) -> None:
    others = {name for other in ALL_ROLES if other != role for name in read_options(ROLES / other)}
    assert set(re.findall(r"\w+", text_of(role))) & (others - set(read_options(ROLES / role))) == set()


@pytest.mark.parametrize("role", ALL_ROLES)
def test_internal_variables_are_the_roles_own(role: str) -> None:
    internal = set(re.findall(r"(?<!\w)__[a-z]\w+", text_of(role)))
    assert {name for name in internal if not f"{name}_".startswith(f"__{role}_")} == set()


@pytest.mark.parametrize("role", ALL_ROLES)
def test_platforms_are_those_that_the_role_is_tested_on(role: str) -> None:
    platforms = load(ROLES / role / "meta" / "main.yml")["galaxy_info"].get("platforms", [])
    named = {codename for platform in platforms for codename in platform["versions"]}
    tested = {distribution.codename for distribution in DISTRIBUTIONS.values()}
    # Ubuntu 22.04 has Redis 6.
    assert named in (set(), tested - {"jammy"} if role == "redis" else tested)


def test_a_host_may_be_told_all_that_another_one_keeps() -> None:
    """Ansible refuses a key of a dictionary that the specification does not name."""
    specs = load(ROLES / "release/meta/argument_specs.yml")["argument_specs"]
    assert set(specs["earlier_static"]["options"]["release_fleet"]["options"]) == set(KEPT)
