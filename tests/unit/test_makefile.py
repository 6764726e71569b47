# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stages the commands take for those of the local cloud, and that what is typed reaches a playbook as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with four inventories, and a local cloud that says what it was asked and has no stage."""
    for inventory, files in {
        "inventories/production": ["main.yml"],
        "inventories/mine": ["main.yml", "local_cloud.yml"],
        "lab/inventories/another": ["main.yml", "local_cloud.yml"],
        "lab/inventories/legacy": ["main.yml", "local_cloud.yml"],
    }.items():
        variables = tmp_path / inventory / "group_vars/all"
        variables.mkdir(parents=True)
        for file in files:
            (variables / file).touch()
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "ansible-playbook"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*"\nprintf "<%s>" "$@" "" >&2\n! [ "$3" = status ]\n')
        (programs / name).chmod(0o755)
    # What a controller needs counts as installed.
    (tmp_path / "requirements").mkdir()
    for file in ("requirements/operator.txt", "requirements/bootstrap.txt", ".venv/operator"):
        (tmp_path / file).touch()
    for name in ("Makefile", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_help_has_one_column_of_texts_and_no_long_line(folder: Path) -> None:
    lines = [line for line in make(folder, "help").stdout.splitlines() if line.startswith("  ")]
    assert len(lines) > 30
    assert len({len(line) - len(line[2:].partition(" ")[2].lstrip()) for line in lines}) == 1
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("inventory", ["inventories/mine", "lab/inventories/another"])
def test_a_stage_is_in_the_local_cloud_if_its_inventory_says_so(folder: Path, inventory: str) -> None:
    stage = Path(inventory).name
    done = make(folder, "local", f"STAGE={stage}")
    assert done.returncode == 0, done.stderr
    assert f"python -m lab.local_cloud up --stage {stage}" in done.stdout
    assert f"ansible-playbook -i {inventory} carpentries.amy.provision" in done.stdout


def test_an_operators_stage_goes_before_one_of_the_lab(folder: Path) -> None:
    (folder / "inventories/another").mkdir()
    done = make(folder, "configure", "STAGE=another")
    assert "ansible-playbook -i inventories/another carpentries.amy.configure" in done.stdout


@pytest.mark.parametrize("stage", ["production", "legacy"])
def test_another_stage_is_not_started_there(folder: Path, stage: str) -> None:
    done = make(folder, "local", f"STAGE={stage}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f'Stage "{stage}" is not in the local cloud' in done.stderr
    assert "in their inventories: mine another\n" in done.stderr
    assert "make provision STAGE=production" in done.stderr or stage == "legacy"


@pytest.mark.parametrize(
    ("arguments", "run"),
    [
        (["shell", "HOST=web1"], "python -m scripts.shell mine web1\n"),
        (["manage", """ARGS=shell -c "print('x')" """], "python -m scripts.shell --manage mine \n"),
    ],
)
def test_a_host_is_reached_by_hand(folder: Path, arguments: list[str], run: str) -> None:
    """What manage.py is told goes through the environment, where no shell reads it."""
    assert make(folder, *arguments, "STAGE=mine").stdout == run


def test_a_stage_that_there_is_not_is_named(folder: Path) -> None:
    done = make(folder, "local", "STAGE=typo")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'There is no stage "typo". Stages are the folders of inventories/: mine production\n' in done.stderr


@pytest.mark.parametrize(
    ("inventory", "starts"),
    [
        ("inventories/mine", True),
        ("inventories/production", False),
        ("lab/inventories/another", True),
        ("lab/inventories/legacy", False),
    ],
)
@pytest.mark.parametrize("command", ["provision", "deploy"])
def test_a_command_starts_the_local_cloud_for_its_stages(
    folder: Path, command: str, inventory: str, starts: bool
) -> None:
    stage = Path(inventory).name
    done = make(folder, command, f"STAGE={stage}")
    assert done.returncode == 0, done.stderr
    assert (f"python -m lab.local_cloud up --stage {stage}" in done.stdout) == starts
    assert f"ansible-playbook -i {inventory} carpentries.amy.{command}" in done.stdout


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("-v --check", ["-v", "--check"]),
        ('-e {"a": 1}', ["-e", '{"a": 1}']),
        ('-e {"a": "it\'s $HOME; }", "b": [1, 2]} -v', ["-e", '{"a": "it\'s $HOME; }", "b": [1, 2]}', "-v"]),
        ("-e {a: yes, b: 'x y'}", ["-e", "{a: yes, b: 'x y'}"]),
        ('--extra-vars={"a": 1}', ['--extra-vars={"a": 1}']),
        # As before, a shell's quotes are a shell's.
        ('-e \'{"text": "We move"}\'', ["-e", '{"text": "We move"}']),
        ("-e 'text=We move' -e @vars.yml", ["-e", "text=We move", "-e", "@vars.yml"]),
        ("-e x=$(touch made)", ["-e", "x=$(touch", "made)"]),
    ],
)
def test_arguments_reach_the_playbook_as_they_were_typed(folder: Path, typed: str, words: list[str]) -> None:
    done = make(folder, "deploy", "STAGE=production", "VERSION=v2", f"ARGS={typed}")
    assert done.returncode == 0, done.stderr
    wanted = ["-i", "inventories/production", "carpentries.amy.deploy", *words, "-e", "release_version=v2"]
    assert done.stderr == "".join(f"<{word}>" for word in [*wanted, ""])
    assert not (folder / "made").exists()


@pytest.mark.parametrize("typed", ['-e {"a": 1', "-e 'a", "-e [1}"])
def test_arguments_without_an_end_are_refused(folder: Path, typed: str) -> None:
    done = make(folder, "deploy", "STAGE=production", f"ARGS={typed}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ARGS cannot be read" in done.stderr


@pytest.mark.parametrize("text", ["it's", 'a "b"', "{{ x }}", "$HOME", "a; exit 1", "back\\slash", "\u00fc"])
def test_a_text_to_look_for_is_taken_as_it_is(folder: Path, text: str) -> None:
    done = make(folder, "logs", "STAGE=production", f"GREP={text}")
    assert done.returncode == 0, done.stderr
    given = done.stderr.removesuffix("><>").rpartition("<")[2]
    assert given.startswith('{"logs_text": !unsafe ')
    assert yaml.safe_load(given.replace("!unsafe ", "")) == {"logs_text": text}
