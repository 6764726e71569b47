# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection asks of a controller is said alike to everybody who installs it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

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


def test_the_guide_installs_the_ansible_that_is_tested(controller: list[str]) -> None:
    (ansible,) = (package for package in controller if package.startswith("ansible"))
    assert f"pip install '{ansible}'" in (ROOT / "docs/guides/install_from_galaxy.md").read_text(encoding="utf-8")


def test_galaxy_gets_the_same_collections_by_either_way() -> None:
    wanted = {item["name"]: item["version"] for item in read_yaml("requirements.yml")["collections"]}
    assert wanted == read_yaml("galaxy.yml")["dependencies"]
