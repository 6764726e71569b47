# SPDX-License-Identifier: GPL-3.0-or-later
"""Real builds, of a project with one small package, from each kind of lock. They need a package registry."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
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


def build_source(source: Path, *, output: Path, recipe: Recipe = RECIPE) -> Built:
    """Build the files in SOURCE as the module does."""
    archive = output.with_suffix(".tar")
    subprocess.run(
        ["tar", "--create", "--sort=name", "--mtime=@1700000000", f"--file={archive}", f"--directory={source}", "."],
        check=True,
    )
    return build(
        archive=archive,
        source_directory=".",
        recipe=recipe,
        tools=TOOLS,
        workplace=Workplace(directory=output.parent / "work", cache=output.parent / "cache"),
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
