# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.standalone_python.elf import for_older_glibc, glibc_version, is_elf

PROGRAM = Path("/bin/true")


@pytest.mark.parametrize(
    ("name", "version"),
    [("GLIBC_2.36", (2, 36)), ("GLIBC_2.2.5", (2, 2, 5)), ("GLIBC_ABI_DT_RELR", ()), ("ZLIB_1.2.0", ())],
)
def test_only_glibcs_numbered_versions_are_compared(name: str, version: tuple[int, ...]) -> None:
    assert glibc_version(name) == version


def test_a_program_asks_for_nothing_newer_and_runs(tmp_path: Path) -> None:
    original = PROGRAM.read_bytes()
    older = for_older_glibc(original, (2, 30))
    # Whatever starts a program has a version of 2.34.
    assert older != original
    assert for_older_glibc(older, (2, 30)) == older
    copy = tmp_path / "true"
    copy.write_bytes(older)
    copy.chmod(0o755)
    subprocess.run([copy], check=True)


def test_a_program_that_an_older_glibc_runs_stays_as_it_is() -> None:
    original = PROGRAM.read_bytes()
    assert for_older_glibc(original, (9, 9)) == original


def test_a_text_is_no_program() -> None:
    assert is_elf(PROGRAM.read_bytes())
    assert not is_elf(b"#!/bin/sh\n")
