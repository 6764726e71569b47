# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plugins.module_utils.release.environment import LAUNCHER, environment_values, postactivate, references
from plugins.module_utils.release.failure import ReleaseError

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def as_bash_reads(text: str, name: str) -> str:
    """The value of NAME after bash has sourced TEXT."""
    script = text + f'printf %s "${name}"'
    return subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode()


@hypothesis_settings(max_examples=40, deadline=None)
@given(VALUES)
def test_shell_reads_back_what_was_written(value: str) -> None:
    assert as_bash_reads(postactivate({"NAME": value}), "NAME") == value


@pytest.mark.parametrize(
    "value", ["", "a #b $c", "$2b$12$abc", "no", "0123", "1.10", "12:30:45", "2026-01-01", "a\r\nb"]
)
def test_text_is_left_as_it_is(value: str) -> None:
    assert environment_values({"A": value}) == {"A": value}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("COUNTRY: NO", 'COUNTRY: "False" or COUNTRY: "false"'),
        ("REGISTRATION_OPEN: yes", 'REGISTRATION_OPEN: "True" or REGISTRATION_OPEN: "true"'),
        ("OPENS: 12:30:45", "OPENS in release_environment is a number to YAML"),
        ("PHONE: 0123", "PHONE in release_environment is a number to YAML"),
        ("API: 1.10", "API in release_environment is a number to YAML"),
        ("PORT: 4711", 'PORT: "..."'),
        ("SINCE: 2026-01-01", "SINCE in release_environment is a date to YAML"),
        ("EMPTY:", "EMPTY in release_environment has no value"),
        ("LIST: [canary]", "LIST in release_environment is a list"),
        ("MAP: {a: canary}", "MAP in release_environment is a dict"),
        # A name has its readings, too.
        ("NO: canary", "False cannot be the name"),
        ("8: canary", "8 cannot be the name"),
        ("A B: canary", "cannot be the name"),
        ("A;rm: canary", "cannot be the name"),
        ('A: "canary\\0"', "NUL"),
    ],
)
def test_what_yaml_reads_otherwise_is_refused_with_the_spellings_to_choose_from(written: str, why: str) -> None:
    read = yaml.safe_load(written)
    with pytest.raises(ReleaseError, match="release_environment") as refusal:
        postactivate(read, of="release_environment")
    assert why in str(refusal.value)
    # A number may be a secret, too.
    assert "canary" not in str(refusal.value)
    assert "4711" not in str(refusal.value)


@pytest.mark.parametrize(("value", "refers"), [("$canary", True), ("a$canary", False), ("", False)])
def test_a_value_that_django_environ_would_take_for_a_name_is_named(value: str, refers: bool) -> None:
    told = references({"A": value})
    assert ("A" in told) == refers
    assert "canary" not in told


def test_launcher_runs_a_program_in_the_environment_of_its_own_release(tmp_path: Path) -> None:
    programs = tmp_path / "releases/one/.venv/bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text("export VIRTUAL_ENV=here\n")
    (programs / "postactivate").write_text(postactivate({"NAME": "it's"}))
    launcher = programs / "with-environment"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    (tmp_path / "repo").symlink_to("releases/one")
    said = subprocess.run(
        [tmp_path / "repo/.venv/bin/with-environment", "printenv", "VIRTUAL_ENV", "NAME"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["here", "it's"]
