# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build says of a native library that it lacks becomes a package and a variable."""

from __future__ import annotations

import pytest

from plugins.module_utils.release.build_hint import hint

BUILD, RUNTIME = "release_build_packages", "release_runtime_packages"


@pytest.mark.parametrize(
    ("output", "package", "variable"),
    [
        ("src/c/_cffi_backend.c:15:10: fatal error: ffi.h: No such file or directory", "libffi-dev", BUILD),
        ("      Error: pg_config executable not found.", "libpq-dev", BUILD),
        ("/bin/sh: 1: mysql_config: not found", "libmariadb-dev", BUILD),
        (
            'OSError: no library called "cairo-2" was found\n'
            "cannot load library 'libcairo.so.2': libcairo.so.2: cannot open shared object file: No such file",
            "libcairo2",
            RUNTIME,
        ),
        (
            "OSError: cannot load library 'libpango-1.0-0': error\nlibpango-1.0.so.0: cannot open shared object file",
            "libpango-1.0-0",
            RUNTIME,
        ),
        ("ImportError: libpq.so.5: cannot open shared object file: No such file or directory", "libpq5", RUNTIME),
        ("error: Git executable not found. Ensure that Git is installed and available.", "git", BUILD),
        ("npm error code ENOENT\nnpm error syscall spawn git\nnpm error path git", "git", BUILD),
        ("fatal error: gdal/strange.h: No such file or directory", "apt-file search gdal/strange.h", BUILD),
        (
            "OSError: cannot load library 'libstrange.so.7': libstrange.so.7: cannot",
            "apt-file search libstrange.so.7",
            RUNTIME,
        ),
    ],
)
def test_a_missing_library_is_named_with_its_package(output: str, package: str, variable: str) -> None:
    said = hint(f"Collecting\n{output}\nexit code 1\n")
    assert package in said
    assert f" to {variable} in the stage's group_vars/all/release.yml" in said


@pytest.mark.parametrize(
    "output",
    [
        "",
        "ModuleNotFoundError: No module named 'django'",
        "FileNotFoundError: [Errno 2] No such file or directory: 'a.h'",
    ],
)
def test_nothing_is_guessed(output: str) -> None:
    assert hint(output) == ""


def test_a_package_without_a_wheel_for_this_python_is_told_before_the_library() -> None:
    said = "  x Failed to build `cffi==1.17.1`\nc/_cffi_backend.c:15:10: fatal error: ffi.h: No such file or directory"
    told = hint(said)
    assert told.startswith("There is no ready-made wheel of cffi==1.17.1 for this Python and machine")
    assert told.index("release_python") < told.index("libffi-dev")
    assert hint("x Failed to build `cffi==1.17.1`").endswith("made for?")
