# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage's tests run in one order, in whatever order they are asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.stage.order import ALONE, ORDER, concern

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "tests/stage").glob("test_*.py"))


def collected(*arguments: str) -> list[str]:
    """The concerns that pytest finds tests of, in its order."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [line.partition("::")[0] for line in found.splitlines() if "::" in line]
    return [concern(Path(file)) for file in dict.fromkeys(files)]


def test_each_file_has_its_place() -> None:
    assert sorted(ORDER) == [concern(file) for file in FILES]


def test_they_run_in_that_order() -> None:
    assert collected(*map(str, reversed(FILES))) == list(ORDER)


def test_those_that_load_the_stage_run_alone() -> None:
    assert collected("tests/stage", "-m", "alone") == list(ALONE)
    assert collected("tests/stage", "-m", "not alone") == list(ORDER[len(ALONE) :])
