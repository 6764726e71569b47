# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of hosts are listed once, and whatever else spells them out agrees."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.carpentries.amy.plugins.module_utils.host_kinds import KINDS, NAMES, column

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
        if any(map(lists_again, yaml_lists(document)))
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
    source = str(ROOT / inventory(stage) / "groups.yml")
    found = InventoryManager(loader=DataLoader(), sources=[source])
    children = {name: [child.name for child in group.child_groups] for name, group in found.groups.items()}
    assert set(children) == {"all", "ungrouped", "application", "fleet", *NAMES}
    releases = [kind.name for kind in KINDS if kind.takes_release]
    assert children["application"] == releases
    assert children["fleet"] == ["application", *(name for name in NAMES if name not in releases)]


def test_the_controller_knows_the_folder_of_its_inventory() -> None:
    found = InventoryManager(loader=DataLoader(), sources=[str(ROOT / inventory("local") / "groups.yml")])
    (controller,) = found.get_hosts("localhost")
    assert controller.vars["inventory_dir"] == str(ROOT / inventory("local"))
    assert controller.vars["ansible_connection"] == "local"
    assert controller.vars["ansible_python_interpreter"] == sys.executable
    assert found.groups["fleet"].get_hosts() == []


def test_every_kind_names_security_groups_and_roles_that_there_are() -> None:
    network = yaml.safe_load((ROOT / "roles/network/vars/main.yml").read_text(encoding="utf-8"))
    groups = {group["name"] for group in network["__network_security_groups"]}
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    for kind in KINDS:
        assert set(kind.security_groups) <= groups, kind
        assert set(kind.tells) <= roles, kind
        # Who reaches the database is said of the hosts that have the release, and of no other.
        assert ("application" in kind.security_groups) == kind.takes_release, kind


def test_each_role_of_a_kind_is_applied_by_a_playbook() -> None:
    playbooks = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").rglob("*.yml"))
    applied = set(re.findall(r"\bcarpentries\.amy\.(\w+)", playbooks))
    assert {role for kind in KINDS for role in kind.tells} - applied == set()


@pytest.mark.parametrize("role", sorted({role for kind in KINDS for role in kind.tells}))
def test_each_role_of_a_kind_is_told_what_it_requires_and_tells_what_it_writes(role: str) -> None:
    folder = ROOT / "roles" / role
    options = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    told = set(yaml.safe_load((ROOT / "playbooks/vars/wiring.yml").read_text()))
    told |= set(yaml.safe_load((ROOT / inventory("local") / "group_vars/all/release.yml").read_text()))
    # A deploy says which release runs.
    assert {name for name, option in options.items() if option.get("required")} - told <= {f"{role}_release"}
    assert (folder / "tasks/publish_sources.yml").exists()


def test_what_runs_a_release_is_where_a_release_is() -> None:
    assert [kind.name for kind in KINDS if kind.program and not kind.takes_release] == []


def test_a_column_is_by_kind() -> None:
    assert list(column("serves_queues")) == list(NAMES)
    assert (column("serves_queues")["web"], column("serves_queues")["redis"]) == (False, True)
    assert (column("keeps_backups")["worker"], column("keeps_backups")["utility"]) == (False, True)
    assert column("security_groups")["redis"] == ["redis", "ssh"]
    with pytest.raises(AttributeError):
        column("colour")
