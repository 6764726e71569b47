# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plugins.module_utils.release.environment import LAUNCHER, environment_values, postactivate
from plugins.module_utils.release.failure import ReleaseError

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def as_bash_reads(text: str, name: str) -> str:
    """The value of NAME after bash has sourced TEXT."""
    script = text + f'printf %s "${name}"'
    return subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode()


@hypothesis_settings(max_examples=40, deadline=None)
@given(VALUES.filter(lambda value: not value.startswith("$")))
def test_shell_reads_back_what_was_written(value: str) -> None:
    assert as_bash_reads(postactivate({"NAME": value}), "NAME") == value


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (5432, "5432"), ("", ""), ("a #b $c", "a #b $c")]
)
def test_values(value: Any, text: str) -> None:
    assert environment_values({"A": value}) == {"A": text}


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"A": "$canary"}, "name of another variable"),
        ({"A": None}, "NoneType"),
        ({"A": ["canary"]}, "list"),
        ({"A": "canary\0"}, "NUL"),
        ({"A B": "canary"}, "cannot be the name"),
        ({"A;rm": "canary"}, "cannot be the name"),
    ],
)
def test_refusals_name_the_variable_and_not_its_value(environment: dict[str, Any], why: str) -> None:
    with pytest.raises(ReleaseError, match=why) as refusal:
        postactivate(environment)
    assert "A" in str(refusal.value)
    assert "canary" not in str(refusal.value)


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
