# SPDX-License-Identifier: GPL-3.0-or-later
"""All ways to install the collection ask the same of a controller."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def controller() -> list[str]:
    """What pyproject.toml asks for."""
    dependencies: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    return dependencies


def test_an_execution_environment_gets_the_controllers_packages(controller: list[str]) -> None:
    named = read_yaml("meta/execution-environment.yml")["dependencies"]["python"]
    packages = (ROOT / named).read_text(encoding="utf-8").split()
    assert packages == [package for package in controller if not package.startswith("ansible")]


@pytest.mark.parametrize(("python", "ansible"), [("3.11", "12."), ("3.12", "14."), ("3.14", "14.")])
@pytest.mark.parametrize("packages", ["operator", "development"])
def test_each_python_gets_the_newest_ansible_that_it_can_run(packages: str, python: str, ansible: str) -> None:
    lines = (ROOT / f"requirements/{packages}.txt").read_text(encoding="utf-8").splitlines()
    locked = [Requirement(line.rstrip(" \\")) for line in lines if line.startswith("ansible==")]
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    (taken,) = (each for each in locked if each.marker is None or each.marker.evaluate(environment))
    assert str(taken.specifier).startswith(f"=={ansible}")


def test_roles_ask_for_the_ansible_that_the_collection_asks_for() -> None:
    asked = {read_yaml(str(path))["galaxy_info"]["min_ansible_version"] for path in ROOT.glob("roles/*/meta/main.yml")}
    assert read_yaml("meta/runtime.yml")["requires_ansible"] == f">={asked.pop()}.0"
    assert not asked


def test_the_guide_installs_the_ansible_that_is_tested(controller: list[str]) -> None:
    (ansible,) = (package for package in controller if package.startswith("ansible"))
    assert f"pip install '{ansible}'" in (ROOT / "docs/guides/install_from_galaxy.md").read_text(encoding="utf-8")


def test_galaxy_gets_the_same_collections_by_either_way() -> None:
    wanted = {item["name"]: item["version"] for item in read_yaml("requirements.yml")["collections"]}
    assert wanted == read_yaml("galaxy.yml")["dependencies"]
