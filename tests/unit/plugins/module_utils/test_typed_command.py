# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lock, a status or a report calls a command can be pasted as it stands."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.carpentries.amy.plugins.module_utils.typed_command import typed_arguments, typed_command

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("command", "version", "typed", "whole"),
    [
        ("make deploy", "v2", {}, "make deploy STAGE=test VERSION=v2"),
        ("make deploy", "v2", {"ARGS": ""}, "make deploy STAGE=test VERSION=v2"),
        ("make deploy", "v2", {"ARGS": "-e @a.yml"}, "make deploy STAGE=test VERSION=v2 ARGS='-e @a.yml'"),
        ("make deploy", "a branch", {}, "make deploy STAGE=test VERSION='a branch'"),
        # A rollback chooses its release by itself, and goes on to it after it was cut off.
        ("make rollback", "v1", {}, "make rollback STAGE=test"),
        (
            "make restore",
            "",
            {"FROM": "newest", "CONFIRM": "test/amy", "MODE": ""},
            "make restore STAGE=test FROM=newest CONFIRM=test/amy",
        ),
        (
            "make modernize PHASE=dns",
            "v1",
            {"PHASE": "dns", "CONFIRM": "x"},
            "make modernize PHASE=dns STAGE=test CONFIRM=x",
        ),
    ],
)
def test_the_command_has_what_was_given(command: str, version: str, typed: dict[str, str], whole: str) -> None:
    assert typed_command(command, stage="test", version=version, typed=typed) == whole


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("-e @a.yml --skip-tags configure -v", "-e @a.yml --skip-tags configure -v"),
        ("--extra-vars=@vars/b.yml --limit web1,web2", "--extra-vars=@vars/b.yml --limit web1,web2"),
        ("-e password=s3cret", "-e password=..."),
        ("-epassword=s3cret --extra-vars=token=s3cret", "-epassword=... --extra-vars=token=..."),
        ("-e 'a=1 password=s3cret'", "-e a=..."),
        ("""-e '{"password": "s3cret"}' --check""", "-e ... --check"),
        ('-e {"password": "s3cret", "b": ["s3cret", 1]}', "-e ..."),
        ('-e "s3cret', "..."),
    ],
)
def test_no_value_of_a_variable_is_shown(arguments: str, shown: str) -> None:
    whole = typed_command("make deploy", stage="test", typed={"ARGS": arguments})
    assert whole == f"make deploy STAGE=test ARGS={shlex.quote(shown)}"


def test_what_was_given_is_data() -> None:
    odd = "x/$(reboot) `x` $$ ; rm -rf /"
    assert shlex.split(typed_command("make restore", stage="test", typed={"FROM": odd}))[-1] == f"FROM={odd}"


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        ([], {}),
        (["ARGS=-e '{\"a\": [1, 2]}'", "VERSION=v2"], {"ARGS": "-e '{\"a\": [1, 2]}'"}),
        (["FROM=newest", "CONFIRM=test/amy"], {"FROM": "newest", "CONFIRM": "test/amy"}),
    ],
)
def test_make_tells_what_was_typed(tmp_path: Path, arguments: list[str], typed: dict[str, str]) -> None:
    """The plays ask the environment, which has what make was given on its command line."""
    (tmp_path / "own.mk").write_text(f"include {ROOT}/Makefile\ntell:\n\t@env -0\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    told = subprocess.run(
        ["make", "--no-print-directory", "-f", "own.mk", "tell", *arguments],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    environment = dict(line.split("=", 1) for line in told.stdout.split("\0") if line)
    assert wired_arguments(environment) == typed


def wired_arguments(environment: dict[str, str]) -> dict[str, str]:
    """Return the wiring's `typed_arguments` where `environment` is the controller's."""
    wiring = yaml.safe_load((ROOT / "playbooks/vars/wiring.yml").read_text(encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name not in ("PATH", "HOME", "ANSIBLE_HOME"):
                patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        templar = Templar(loader=DataLoader(), variables={"typed_names": wiring["typed_names"]})
        found: dict[str, str] = templar.template(trust_as_template(wiring["typed_arguments"]))
    return {name: str(value) for name, value in found.items()}


@pytest.mark.parametrize(
    ("environment", "typed"),
    [
        ({"MAKELEVEL": "1", "MODE": "aside", "JOBS": "", "FROM": ""}, {"MODE": "aside"}),
        ({"MAKELEVEL": "1", "ARGS": "-e @a.yml", "HOST": "web1"}, {"ARGS": "-e @a.yml", "HOST": "web1"}),
        # Without make a shell's own variables have nothing to do with the command.
        ({"MAKELEVEL": "", "HOST": "laptop", "MODE": "x"}, {}),
        ({"HOST": "laptop"}, {}),
        # Of the others make says nothing.
        ({"MAKELEVEL": "1", "PATH": "/bin"}, {}),
        ({}, {}),
    ],
)
def test_what_make_was_given_is_known_under_make_only(environment: dict[str, str], typed: dict[str, str]) -> None:
    assert typed_arguments(environment) == typed
