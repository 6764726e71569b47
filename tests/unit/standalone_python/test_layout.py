# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.standalone_python.layout import (
    GLIBC,
    Correction,
    UnknownPackageError,
    archive_name,
    bundled,
    corrections,
    package_suite,
    script,
)

TABLE = """python3.14 | 3.14.10-1 | http://mirror/debian sid/main amd64 Packages
python3.14 |   3.14.8-1 | http://mirror/debian forky/main amd64 Packages
python3.14 |   3.14.10-1 | http://mirror/debian sid/main Sources
"""


@pytest.mark.parametrize(
    ("table", "suite"),
    [
        pytest.param(TABLE, "forky", id="the oldest that has it"),
        pytest.param(TABLE.splitlines()[0], "sid", id="the only one"),
        pytest.param(TABLE.splitlines()[2], None, id="its source alone"),
        pytest.param("", None, id="none"),
    ],
)
def test_suite(table: str, suite: str | None) -> None:
    assert package_suite(table, ("trixie", "forky", "sid")) == suite


@pytest.mark.parametrize(
    ("library", "copy"),
    [
        ("libssl.so.3", "libssl-standalone.so.3"),
        ("libbz2.so.1.0", "libbz2-standalone.so.1.0"),
        ("libdb-5.3.so", "libdb-5.3-standalone.so"),
    ],
)
def test_a_copy_has_a_name_that_no_host_has(library: str, copy: str) -> None:
    assert bundled(library) == copy


@pytest.mark.parametrize(
    ("library", "hosts"),
    [
        ("libc.so.6", True),
        ("libm.so.6", True),
        ("ld-linux-x86-64.so.2", True),
        ("libcrypto.so.3", False),
        ("libcurses.so.6", False),
        ("libmd.so.0", False),
    ],
)
def test_glibc_is_the_hosts(library: str, hosts: bool) -> None:
    assert bool(GLIBC.fullmatch(library)) is hosts


def test_archive_name() -> None:
    name = "cpython-3.14.2-x86_64-unknown-linux-gnu-install_only.tar.gz"
    assert archive_name(version="3.14.2", machine="x86_64") == name


def test_corrections_of_what_the_compiler_was_told() -> None:
    text = " 'INCLUDEPY': '/usr/include/python3.14',\n 'WHEEL_PKG_DIR': '/usr/share/wheels/',\n 'prefix': '/usr',\n"
    data = "_sysconfigdata__linux_x86_64-linux-gnu.py"
    for correction in corrections(multiarch="x86_64-linux-gnu", pip="26.2"):
        if correction.path == data:
            text = correction.apply(text)
    assert text == " 'INCLUDEPY': '/install/include/python3.14',\n 'prefix': '/install',\n"


def test_a_package_that_has_changed_is_named() -> None:
    with pytest.raises(UnknownPackageError, match=r"^site\.py has nothing like x: "):
        Correction("site.py", "x", "y").apply("z")


def test_a_script_finds_the_python_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    (tmp_path / "tool").write_bytes(script("python3", b"#!/build/python3\nimport sys\nprint(sys.argv[1:])\n"))
    (tmp_path / "tool").chmod(0o755)
    link = tmp_path / "elsewhere"
    link.symlink_to(tmp_path / "tool")
    done = subprocess.run([link, "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == "['a b']\n"
