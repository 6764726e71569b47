# SPDX-License-Identifier: GPL-3.0-or-later
"""Real builds, of a project with one small package, from each kind of lock. They need a package registry."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.module_utils.release.build_plan import Recipe, Step, Tools
from plugins.module_utils.release.build_run import (
    Built,
    Workplace,
    build,
    build_environment,
    run_step,
    unpack_source,
)
from plugins.module_utils.release.failure import ReleaseError

TOOLS = Tools(
    uv=shutil.which("uv") or "uv",
    pipenv="2026.10.3",
    poetry="2.5.1",
    poetry_export="1.10.1",
    nodejs="24.19.0",
)
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
RECIPE = Recipe(python=PYTHON, manage_commands=["make"], environment={"WORD": "given"})
PROJECT = """
[project]
name = "sample"
version = "1"
requires-python = ">={python}"
dependencies = ["{dependency}"]
[tool.poetry]
package-mode = false
"""
# Each makes one kind of lock in its working directory.
LOCKERS = {
    "uv.lock": [TOOLS.uv, "lock"],
    "poetry.lock": [TOOLS.uv, "tool", "run", "--from", f"poetry=={TOOLS.poetry}", "poetry", "lock"],
    "Pipfile.lock": [TOOLS.uv, "tool", "run", "--from", f"pipenv=={TOOLS.pipenv}", "pipenv", "lock"],
    "requirements.txt": [TOOLS.uv, "pip", "compile", "--generate-hashes", "--output-file=requirements.txt", "-"],
}
MANAGE = "import iniconfig, os; print(iniconfig.__name__, os.environ['WORD'], file=open('made.txt', 'w'))"


def make_wheel(directory: Path) -> Path:
    """A package of the same name as the one that the other locks fetch."""
    wheel = directory / "iniconfig-2.0.0-py3-none-any.whl"
    about = "iniconfig-2.0.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("iniconfig/__init__.py", "")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: iniconfig\nVersion: 2.0.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def build_source(
    source: Path, *, output: Path, recipe: Recipe = RECIPE, directory: str = ".", tools: Tools = TOOLS
) -> Built:
    """Build the files in SOURCE as the module does."""
    archive = output.with_suffix(".tar")
    subprocess.run(
        ["tar", "--create", "--sort=name", "--mtime=@1700000000", f"--file={archive}", f"--directory={source}", "."],
        check=True,
    )
    return build(
        archive=archive,
        source_directory=directory,
        recipe=recipe,
        tools=tools,
        # As on a host, one cache is there for all builds: beside the tests' own folders.
        workplace=Workplace(directory=output.parent / "work", cache=output.parents[1] / "cache"),
        output=output,
    )


@pytest.mark.parametrize("lock", sorted(LOCKERS))
def test_each_lock_builds_and_a_second_build_is_the_same(lock: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "manage.py").write_text(MANAGE)
    if lock == "Pipfile.lock":
        (source / "Pipfile").write_text('[packages]\niniconfig = "==2.0.0"\n')
    elif lock != "requirements.txt":
        # Poetry asks only indexes that offer PyPI's own API, which mirrors need not have: it gets a file.
        wheel = f"iniconfig @ {make_wheel(source).as_uri()}"
        dependency = wheel if lock == "poetry.lock" else "iniconfig==2.0.0"
        (source / "pyproject.toml").write_text(PROJECT.format(python=PYTHON, dependency=dependency))
    subprocess.run(LOCKERS[lock], cwd=source, input="iniconfig==2.0.0\n", text=True, capture_output=True, check=True)
    assert (source / lock).exists()

    first = build_source(source, output=tmp_path / "first.tar.zst")
    second = build_source(source, output=tmp_path / "second.tar.zst")
    if lock != "poetry.lock":  # uv records the times of a package that is a local file
        assert first.sha256 == second.sha256

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["tar", "-x", "--zstd", "-f", tmp_path / "first.tar.zst", "-C", elsewhere], check=True)
    assert (elsewhere / "made.txt").read_text() == "iniconfig given\n"
    said = subprocess.run(
        ["bash", "-c", "source .venv/bin/activate; python -c 'import iniconfig; print(iniconfig.__file__)'"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith(str(elsewhere))
    assert not list(elsewhere.glob(".build-*"))
    assert not (tmp_path / "work").exists()


def test_failed_step_shows_its_last_lines(tmp_path: Path) -> None:
    step = Step("Count", ["sh", "-c", "seq 100; exit 3"])
    with pytest.raises(ReleaseError, match="Count failed with exit code 3") as failure:
        run_step(step, directory=tmp_path, environment={})
    assert str(failure.value).splitlines()[-40:] == [str(number) for number in range(61, 101)]


def test_a_failed_step_names_the_package_of_a_library_that_it_lacks(tmp_path: Path) -> None:
    says = "echo 'x.c:1:10: fatal error: ffi.h: No such file or directory' >&2; exit 1"
    with pytest.raises(ReleaseError, match="add that to release_build_packages"):
        run_step(Step("Install", ["sh", "-c", says]), directory=tmp_path, environment={})


def test_missing_tool_tells_what_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="release_builds"):
        run_step(Step("Lock", ["/nonexistent/uv"]), directory=tmp_path, environment={})


@pytest.mark.parametrize("directory", ["..", "nothing"])
def test_application_must_be_inside_the_source(tmp_path: Path, directory: str) -> None:
    (tmp_path / "work").mkdir()
    archive = tmp_path / "source.tar"
    subprocess.run(["tar", "--create", f"--file={archive}", "--files-from=/dev/null"], check=True)
    with pytest.raises(ReleaseError, match="release_source_directory"):
        unpack_source(archive, directory=tmp_path / "work", source_directory=directory)


def test_environment_trusts_the_systems_authorities_unless_told_otherwise(tmp_path: Path) -> None:
    authorities = tmp_path / "ca.crt"
    authorities.touch()
    base = {"VIRTUAL_ENV": "foreign", "SSL_CERT_FILE": "chosen"}
    environment = build_environment(base, cache=tmp_path, authorities=authorities)
    assert "VIRTUAL_ENV" not in environment
    assert environment["SSL_CERT_FILE"] == "chosen"
    assert environment["NODE_EXTRA_CA_CERTS"] == str(authorities)
    assert "SSL_CERT_FILE" not in build_environment({}, cache=tmp_path, authorities=tmp_path / "absent")


# What shapes a repository has. Each test builds one and runs the result in another folder, on which the first is gone.
PLAIN = Recipe(python=PYTHON, manage_commands=[], environment={})
MEMBER = """
[project]
name = "{name}"
version = "1"
dependencies = {dependencies}
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.uv.sources]
shared = {{ workspace = true }}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write FILES, texts by paths, into FOLDER."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def package(name: str, *, says: str, dependencies: str = "[]") -> dict[str, str]:
    """The files of a package that says something, by their paths in its folder."""
    return {
        "pyproject.toml": MEMBER.format(name=name, dependencies=dependencies),
        f"{name}/__init__.py": f"SAYS = {says!r}\n",
    }


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def says(archive: Path, *, packages: list[str], to: Path) -> list[str]:
    """What the packages of a built release say, unpacked at TO."""
    to.mkdir()
    subprocess.run(["tar", "-x", "--zstd", "-f", archive, "-C", to], check=True)
    code = "".join(f"import {name}; print({name}.SAYS, {name}.__file__.startswith('{to}'));" for name in packages)
    done = subprocess.run([".venv/bin/python", "-c", code], cwd=to, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


ROOT = """
[project]
name = "root"
version = "1"
requires-python = ">={python}"
dependencies = ["shared", "nearby"]
[tool.uv.workspace]
members = ["packages/*", "site"]
[tool.uv.sources]
shared = {{ workspace = true }}
nearby = {{ path = "libraries/nearby", editable = true }}
"""


def workspace(folder: Path) -> Path:
    """A workspace of uv: a member, a package by its path, and a second application."""
    files = {
        "manage.py": "",
        "pyproject.toml": ROOT.format(python=PYTHON),
        **below("packages/shared", package("shared", says="shared")),
        **below("libraries/nearby", package("nearby", says="nearby")),
        "site/manage.py": "",
        "site/pyproject.toml": MEMBER.format(name="site", dependencies='["shared"]').partition("[build-system]")[0]
        + "[tool.uv.sources]\nshared = { workspace = true }\n",
    }
    write(folder, files)
    subprocess.run([TOOLS.uv, "lock"], cwd=folder, capture_output=True, check=True)
    return folder


def test_members_of_a_workspace_are_installed_as_copies(tmp_path: Path) -> None:
    source, output = workspace(tmp_path / "source"), tmp_path / "built.tar.zst"
    build_source(source, output=output, recipe=PLAIN)
    assert says(output, packages=["shared", "nearby"], to=tmp_path / "there") == ["shared True", "nearby True"]


def test_an_application_may_be_a_member_of_a_workspace(tmp_path: Path) -> None:
    source, output = workspace(tmp_path / "source"), tmp_path / "built.tar.zst"
    build_source(source, output=output, recipe=PLAIN, directory="site")
    assert says(output, packages=["shared"], to=tmp_path / "there") == ["shared True"]


def test_a_list_of_requirements_may_name_packages_of_the_source(tmp_path: Path) -> None:
    files = {
        "site/manage.py": "",
        "requirements.txt": "-e ./shared\n-r more.txt\n",
        "more.txt": "--editable ./nearby\n",
        **below("shared", package("shared", says="shared")),
        **below("nearby", package("nearby", says="nearby")),
    }
    output = tmp_path / "built.tar.zst"
    build_source(write(tmp_path / "source", files), output=output, recipe=PLAIN, directory="site")
    assert says(output, packages=["shared", "nearby"], to=tmp_path / "there") == ["shared True", "nearby True"]


def test_links_out_of_the_application_become_copies(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source",
        {"site/manage.py": "", "site/requirements.txt": "", "frontend/app.css": "a", "LICENSE": "b"},
    )
    (source / "site/static").symlink_to("../frontend")
    (source / "site/LICENSE").symlink_to("../LICENSE")
    (source / "site/lost").symlink_to("../nothing")
    (source / "site/near").symlink_to("requirements.txt")
    build_source(source, output=tmp_path / "built.tar.zst", recipe=PLAIN, directory="site")
    there = tmp_path / "there"
    assert says(tmp_path / "built.tar.zst", packages=[], to=there) == []
    assert ((there / "static/app.css").read_text(), (there / "LICENSE").read_text()) == ("a", "b")
    assert (there / "near").is_symlink()


def test_a_link_to_a_folder_that_holds_the_application_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"site/manage.py": "", "site/requirements.txt": ""})
    (source / "site/all").symlink_to("..")
    with pytest.raises(ReleaseError, match="site/all, which leads to a folder that holds it"):
        build_source(source, output=tmp_path / "built.tar.zst", recipe=PLAIN, directory="site")


PATH_FILE = """
import pathlib, sysconfig
pathlib.Path(sysconfig.get_path('purelib'), 'x.pth').write_text(str(pathlib.Path.cwd()))
"""
SCRIPT = """
import os, pathlib
pathlib.Path('.venv/bin/x').write_text('#!' + os.path.abspath('.venv/bin/python') + chr(10))
"""
LINKS = {
    "a path file": (PATH_FILE, "site-packages/x.pth"),
    "a link": ("import os; os.symlink(os.path.abspath('manage.py'), 'linked.py')", "linked.py"),
    "a script": (SCRIPT, ".venv/bin/x"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_what_leads_to_the_folder_of_the_build_is_refused(tmp_path: Path, kind: str) -> None:
    code, named = LINKS[kind]
    source = write(tmp_path / "source", {"manage.py": "", "requirements.txt": "", "make.py": code})
    recipe = Recipe(python=PYTHON, manage_commands=[], environment={}, build_commands=["python make.py"])
    with pytest.raises(ReleaseError, match=rf"leads to the folder of the build.*{named}"):
        build_source(source, output=tmp_path / "built.tar.zst", recipe=recipe)
    assert not (tmp_path / "built.tar.zst").exists()


# As Django answers for a command that none of its applications has.
DJANGO = """
import sys
if sys.argv[1:3] == ["help", "rqworker"]:
    sys.exit("Unknown command: 'rqworker'\\nType 'manage.py help' for usage.")
if sys.argv[1:2] == ["help"]:
    sys.exit("ImproperlyConfigured: APP_SECRET_KEY is not set")
"""


@pytest.mark.parametrize(
    ("programs", "lacks"),
    [
        (["gunicorn"], "gunicorn"),
        (["python manage.py rqworker", "gunicorn"], "gunicorn"),
        (["python manage.py rqworker"], "manage.py rqworker"),
        (["celery --app config worker"], "celery"),
        # Whether there is such a command, settings do not let it say.
        (["python manage.py rqscheduler"], None),
        (["python -m http.server"], None),
    ],
)
def test_the_release_has_what_the_stage_runs_or_is_not_built(
    tmp_path: Path, programs: list[str], lacks: str | None
) -> None:
    source = write(tmp_path / "source", {"manage.py": DJANGO, "requirements.txt": "", "make.py": "open('made', 'w')"})
    recipe = Recipe(
        python=PYTHON, manage_commands=[], environment={}, programs=programs, build_commands=["python make.py"]
    )
    if lacks is None:
        build_source(source, output=tmp_path / "built.tar.zst", recipe=recipe)
        return
    with pytest.raises(ReleaseError, match=rf"The stage runs {lacks}, and .*release_extra_requirements"):
        build_source(source, output=tmp_path / "built.tar.zst", recipe=recipe)


def test_a_stage_adds_a_package_that_the_application_does_not_name(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"manage.py": "", "requirements.txt": "packaging==24.0\n"})
    extra = Recipe(
        python=PYTHON,
        manage_commands=[],
        environment={},
        programs=["gunicorn"],
        extra_requirements=["gunicorn==23.0.0"],
    )
    build_source(source, output=tmp_path / "built.tar.zst", recipe=extra)
    there = tmp_path / "there"
    says(tmp_path / "built.tar.zst", packages=[], to=there)
    run = ["bash", "-c", "source .venv/bin/activate; gunicorn --version; pip --version || true"]
    assert (
        "gunicorn (version 23.0.0)" in subprocess.run(run, cwd=there, capture_output=True, text=True, check=True).stdout
    )
    assert list(there.glob(".venv/lib/*/site-packages/packaging-24.0.dist-info"))
    assert not list(there.glob(".build-*"))


def test_a_package_that_would_change_one_of_the_application_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"manage.py": "", "requirements.txt": "packaging==24.0\n"})
    extra = Recipe(python=PYTHON, manage_commands=[], environment={}, extra_requirements=["packaging==24.1"])
    with pytest.raises(ReleaseError, match="Install release_extra_requirements failed"):
        build_source(source, output=tmp_path / "built.tar.zst", recipe=extra)


def repository_with(files: dict[str, str], folder: Path) -> str:
    """A repository with these files; its address for pip."""
    write(folder, files)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return f"git+file://{folder}"


def test_a_package_may_come_from_a_git_repository(tmp_path: Path) -> None:
    address = repository_with(package("shared", says="shared"), tmp_path / "shared")
    source = write(tmp_path / "source", {"manage.py": "", "requirements.txt": f"shared @ {address}\n"})
    build_source(source, output=tmp_path / "built.tar.zst", recipe=PLAIN)
    assert says(tmp_path / "built.tar.zst", packages=["shared"], to=tmp_path / "there") == ["shared True"]


def test_a_builder_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = repository_with(package("shared", says="shared"), tmp_path / "shared")
    source = write(tmp_path / "source", {"manage.py": "", "requirements.txt": f"shared @ {address}\n"})
    (tmp_path / "programs").mkdir()
    for program in ("tar", "zstd", f"python{PYTHON}"):
        (tmp_path / "programs" / program).symlink_to(shutil.which(program) or program)
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    with pytest.raises(ReleaseError, match=r"The build host has no git\. .* add that to release_build_packages"):
        build_source(source, output=tmp_path / "built.tar.zst", recipe=PLAIN)


TOOL = {"name": "tool", "version": "1.0.0", "bin": {"tool": "tool.js"}}
FRONTEND = {
    "name": "frontend",
    "version": "1.0.0",
    "scripts": {"build": "tool static/app.js"},
    "devDependencies": {"tool": "file:tool"},
}


@pytest.mark.parametrize("npm", [shutil.which("npm"), None], ids=["the distribution's", "of the build"])
def test_what_npm_builds_is_in_the_release_and_its_tools_are_not(tmp_path: Path, npm: str | None) -> None:
    files = {
        "manage.py": "import shutil; shutil.copy('static/app.js', 'collected.js')",
        "requirements.txt": "",
        "package.json": json.dumps(FRONTEND),
        "tool/package.json": json.dumps(TOOL),
        "tool/tool.js": "#!/usr/bin/env node\nrequire('fs').writeFileSync(process.argv[2], 'built')\n",
        "static/.keep": "",
    }
    source = write(tmp_path / "source", files)
    (source / "tool/tool.js").chmod(0o755)
    subprocess.run(["npm", "install", "--package-lock-only"], cwd=source, capture_output=True, check=True)
    recipe = Recipe(python=PYTHON, manage_commands=["collectstatic"], environment={}, build_commands=["npm run build"])
    build_source(source, output=tmp_path / "built.tar.zst", recipe=recipe, tools=replace(TOOLS, npm=npm))
    there = tmp_path / "there"
    says(tmp_path / "built.tar.zst", packages=[], to=there)
    assert (there / "collected.js").read_text() == "built"
    assert not (there / "node_modules/tool").exists()
