# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of hosts are listed once, and whatever else spells them out agrees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.carpentries.amy.plugins.module_utils.host_kinds import BY_NAME, KINDS, NAMES, column

from scripts.playbook import INVENTORIES, inventory

ROOT = Path(__file__).resolve().parents[4]
STAGES = sorted(path.name for folder in INVENTORIES for path in (ROOT / folder).iterdir())
FOLDERS = ("plugins", "roles", "playbooks", "scripts", "lab", "inventories")
TABLE = ROOT / "plugins/module_utils/host_kinds.py"
# How many hosts of each kind there are is a choice of the stage; which groups its inventory has is compared below.
CHOICES = ("instances_counts",)
# As many names of kinds together are a list of them. Two may be what a rule is about.
MANY = 3


def sources(suffix: str) -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob(f"*{suffix}") if path != TABLE)


def python_lists(path: Path) -> Iterator[set[str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            yield {str(item.value) for item in node.elts if isinstance(item, ast.Constant)}
        if isinstance(node, ast.Dict):
            yield {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
            yield {str(value.value) for value in node.values if isinstance(value, ast.Constant)}


def yaml_lists(content: Any) -> Iterator[set[str]]:
    if isinstance(content, dict):
        yield set(map(str, content))
        for name, value in content.items():
            if name not in CHOICES:
                yield from yaml_lists(value)
    if isinstance(content, list):
        yield {item for item in content if isinstance(item, str)}
        for item in content:
            yield from yaml_lists(item)


def lists_again(names: set[str]) -> bool:
    return len(names & set(NAMES)) >= MANY


def test_no_python_lists_the_kinds_again() -> None:
    assert [path for path in sources(".py") if any(map(lists_again, python_lists(path)))] == []


def test_no_yaml_lists_the_kinds_again() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sources(".yml")
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        if path.name != "groups.yml" and any(map(lists_again, yaml_lists(document)))
    }
    # The default of `instances_counts`, which is a choice, is told there.
    assert found <= {"roles/instances/meta/argument_specs.yml"}


def test_a_second_list_would_be_seen(tmp_path: Path) -> None:
    """The two tests above see what they claim to see."""
    file = tmp_path / "second.py"
    file.write_text('ROLES = ("web", "worker", "redis")\n')
    assert any(map(lists_again, python_lists(file)))
    assert any(map(lists_again, yaml_lists({"roles_of_hosts": [{"web": 1, "worker": 2, "redis": 3}]})))
    assert not any(map(lists_again, yaml_lists({"instances_counts": {"web": 1, "worker": 2, "redis": 3}})))


@pytest.mark.parametrize("stage", STAGES)
def test_the_groups_of_a_stage_are_the_kinds(stage: str) -> None:
    groups = yaml.safe_load((ROOT / inventory(stage) / "groups.yml").read_text(encoding="utf-8"))
    assert set(groups) - {"ungrouped", "application", "fleet", "legacy"} == set(NAMES)
    releases = {kind.name for kind in KINDS if kind.takes_release}
    assert set(groups["application"]["children"]) == releases
    assert set(groups["fleet"]["children"]) == {"application"} | (set(NAMES) - releases)


def test_every_kind_names_security_groups_and_roles_that_there_are() -> None:
    network = yaml.safe_load((ROOT / "roles/network/vars/main.yml").read_text(encoding="utf-8"))
    groups = {group["name"] for group in network["__network_security_groups"]}
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    for kind in KINDS:
        assert set(kind.security_groups) <= groups, kind
        assert set(kind.tells) <= roles, kind
        # Who reaches the database is said of the hosts that have the release, and of no other.
        assert ("application" in kind.security_groups) == kind.takes_release, kind


def test_a_host_that_holds_data_may_write_it_to_the_bucket() -> None:
    assert {name for name, kind in BY_NAME.items() if kind.keeps_backups} == {
        name for name, kind in BY_NAME.items() if kind.holds
    }


def test_a_column_is_by_kind() -> None:
    assert column("serves_queues") == {
        "web": False,
        "worker": True,
        "scheduler": True,
        "utility": False,
        "redis": True,
    }
    assert column("security_groups")["redis"] == ["redis", "ssh"]
    with pytest.raises(AttributeError):
        column("colour")
