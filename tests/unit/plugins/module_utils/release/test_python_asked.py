# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python a source asks for."""

from __future__ import annotations

import json

import pytest

from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.python_asked import Verdict, judge, parsed, refusal, stated_version

FROM_312 = ("3.12", "3.13", "3.14", "3.15")


def project(text: str) -> str:
    """A pyproject.toml that asks for TEXT in the standard's way."""
    return f'[project]\nname = "a"\nrequires-python = "{text}"\n'


def poetry(text: str) -> str:
    """A pyproject.toml that asks for TEXT in Poetry's way."""
    return f'[tool.poetry.dependencies]\npython = "{text}"\ndjango = "^5"\n'


def pipfile(**requires: str) -> str:
    """A Pipfile.lock that asks for REQUIRES."""
    return json.dumps({"_meta": {"requires": requires}, "default": {}})


@pytest.mark.parametrize(
    ("text", "version"),
    [
        # AMY's own from v4.7.0 on, which /version/ answers.
        ('[project]\nname = "amy"\nversion = "4.9.0.dev0"\n', "4.9.0.dev0"),
        ('[tool.poetry]\nversion = "1.2"\n', "1.2"),
        ('[project]\nversion = "2"\n[tool.poetry]\nversion = "1"\n', "2"),
        ('[project]\ndynamic = ["version"]\n', ""),
        ("[project]\nversion = 4\n", ""),
        ('project = "amy"\n', ""),
        ('[project]\nversion = "{{ 7 }} \\u001b[2J"\n', ""),
        ("no TOML", ""),
        ("", ""),
    ],
)
def test_a_source_may_state_its_version(text: str, version: str) -> None:
    assert stated_version(text) == version


@pytest.mark.parametrize(
    ("files", "python", "refusing"),
    [
        ({}, "3.11", None),
        ({"pyproject.toml": project(">=3.12,<4.0")}, "3.12", None),
        (
            {"pyproject.toml": project(">=3.12,<4.0")},
            "3.11",
            ("pyproject.toml", ">=3.12,<4.0", FROM_312),
        ),
        ({"pyproject.toml": project(">=3.13.5")}, "3.13", None),
        ({"pyproject.toml": project(">=3.13.5")}, "3.13.5", None),
        (
            {"pyproject.toml": project(">=3.13.5")},
            "3.13.2",
            ("pyproject.toml", ">=3.13.5", FROM_312[1:]),
        ),
        (
            {"pyproject.toml": poetry("^3.12")},
            "3.11",
            ("pyproject.toml", "^3.12", FROM_312),
        ),
        (
            {"pyproject.toml": project(">=3.8"), "uv.lock": 'version = 1\nrequires-python = ">=3.12, <3.14"\n'},
            "3.11",
            ("uv.lock", ">=3.12, <3.14", ("3.12", "3.13")),
        ),
        (
            {"poetry.lock": '[[package]]\npython-versions = ">=3.7"\n[metadata]\npython-versions = "~3.11"\n'},
            "3.12",
            ("poetry.lock", "~3.11", ("3.11",)),
        ),
        ({"Pipfile.lock": pipfile(python_version="3.11")}, "3.11", None),
        ({"Pipfile.lock": pipfile(python_version="3.11")}, "3.11.2", None),
        (
            {"Pipfile.lock": pipfile(python_version="3.11", python_full_version="3.11.7")},
            "3.11.2",
            ("Pipfile.lock", "3.11.7", ("3.11",)),
        ),
        # Nothing fits both.
        (
            {"pyproject.toml": project(">=3.13"), "Pipfile.lock": pipfile(python_version="3.11")},
            "3.11",
            ("pyproject.toml", ">=3.13", ()),
        ),
        # What cannot be read asks for nothing.
        ({"pyproject.toml": "not [ toml"}, "3.11", None),
        ({"pyproject.toml": project("latest")}, "3.11", None),
        ({"pyproject.toml": "project = 1"}, "3.11", None),
        ({"Pipfile.lock": "<<<<<<< HEAD"}, "3.11", None),
    ],
)
def test_a_source_says_which_python_it_asks_for(
    files: dict[str, str], python: str, refusing: tuple[str, str, tuple[str, ...]] | None
) -> None:
    verdict = judge(files, python=python)
    assert verdict.version == python
    assert verdict.fits is (refusing is None)
    if refusing:
        assert (verdict.file, verdict.text, verdict.fitting) == refusing


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        (">=3.12,<4.0", ["<4.0,>=3.12"]),
        (">= 3.8 <4", ["<4,>=3.8"]),
        ("^3.12", ["<4,>=3.12"]),
        ("^3", ["<4,>=3"]),
        ("~3.11", ["<3.12,>=3.11"]),
        ("~3.11.4", ["<3.12,>=3.11.4"]),
        ("~3", ["<4,>=3"]),
        ("~=3.11", ["~=3.11"]),
        ("3.11", ["==3.11.*"]),
        ("3.11.*", ["==3.11.*"]),
        ("3.11.7", ["==3.11.7"]),
        ("==3.11.*", ["==3.11.*"]),
        (">=3.8,!=3.9.*", ["!=3.9.*,>=3.8"]),
        ("~3.10 || ^3.12", ["<3.11,>=3.10", "<4,>=3.12"]),
        ("*", [""]),
        ("new", []),
    ],
)
def test_a_constraint_is_read_as_its_tool_reads_it(text: str, alternatives: list[str]) -> None:
    assert [str(choice) for choice in parsed(text)] == alternatives


@pytest.mark.parametrize("python", ["3", "python3.11", "/usr/bin/python3.11", "", "3.12.0rc1"])
def test_what_is_no_version_is_refused(python: str) -> None:
    with pytest.raises(ReleaseError, match="release_python"):
        judge({}, python=python)


@pytest.mark.parametrize(
    ("fitting", "advice"),
    [
        (
            ("3.12",),
            'Set release_python: "3.12" in inventories/test/group_vars/all/release.yml (docs/guides/python.md), ',
        ),
        (("3.12", "3.13"), 'Set release_python: "3.12" (or 3.13) in inventories/test/'),
        ((), "correct them in its repository."),
    ],
)
def test_an_operator_is_told_what_to_set(fitting: tuple[str, ...], advice: str) -> None:
    verdict = Verdict(version="3.11", fits=False, file="pyproject.toml", text=">=3.12,<4.0", fitting=fitting)
    said = refusal(verdict, ref="v4.7.0", stage="test")
    assert said.startswith(
        "v4.7.0 asks for Python >=3.12,<4.0 (pyproject.toml), and release_python of stage test is 3.11. "
        "Nothing has been touched. "
    )
    assert advice in said
    assert not refusal(Verdict(version="3.11", fits=True), ref="v4.7.0", stage="test")
