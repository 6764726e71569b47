# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from plugins.module_utils._tail import tail


def test_tail(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\xff" + b"x" * 100 + b"\nlast but one\nlast\n")
    assert tail(str(log), lines=2) == "last but one\nlast"
    assert "cannot be read" in tail(str(tmp_path / "absent"), lines=2)
