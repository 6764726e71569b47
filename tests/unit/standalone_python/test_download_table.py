# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
from pathlib import Path

from tests.standalone_python.downloads import downloads


def test_downloads_are_the_folders_archives(tmp_path: Path) -> None:
    name = "cpython-3.14.2-x86_64-unknown-linux-gnu-install_only.tar.gz"
    (tmp_path / name).write_bytes(b"archive")
    (tmp_path / f"{name}.sha256").touch()
    (tmp_path / "another.tar.gz").touch()
    found = downloads(tmp_path, "http://127.0.0.1:8000/")
    assert list(found) == ["cpython-3.14.2-linux-x86_64-gnu"]
    offered = found["cpython-3.14.2-linux-x86_64-gnu"]
    assert offered["url"] == f"http://127.0.0.1:8000/{name}"
    assert offered["sha256"] == hashlib.sha256(b"archive").hexdigest()
    assert (offered["major"], offered["minor"], offered["patch"]) == (3, 14, 2)
