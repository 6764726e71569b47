# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command leaves one line, whatever it has led to."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from database_backup import __main__ as program
from database_backup.record import record


def test_a_line_for_each_outcome(tmp_path: Path) -> None:
    log = tmp_path / "backup.log"
    record(log, "backup", {"name": "one.dump", "rows": {"public.person": 3}, "migrations": {}})
    record(log, "drill", {"error": "first\nsecond"})
    first, second = (json.loads(line) for line in log.read_text().splitlines())
    assert (first["command"], first["name"], "rows" in first) == ("backup", "one.dump", False)
    assert second["error"] == "first\nsecond"
    assert first["time"].endswith("+00:00")


@pytest.mark.parametrize(("command", "lines"), [(["check"], 0), (["drill", "newest"], 1)])
def test_a_failed_command_is_recorded_but_a_question_is_not(
    command: list[str], lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {
        "database": "amy",
        "service": "amy",
        "service_file": str(tmp_path / "service_file"),
        "directory": str(tmp_path / "directory"),
        "log_file": str(tmp_path / "log_file"),
        "lock": {"file": str(tmp_path / "lock"), "wait": 1},
        "keep": {"newest": 1, "days": 1, "months": 1},
        "bucket": {"name": "", "prefix": "", "encryption": "AES256", "kms_key": "", "endpoint_url": ""},
    }
    (tmp_path / "directory").mkdir()
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    monkeypatch.setattr(sys, "argv", ["amy-database", "--settings", str(tmp_path / "settings.json"), *command])
    # The program makes all its files private; the tests after this one do not.
    umask = os.umask(0o022)
    assert program.main() == 1
    os.umask(umask)
    assert "backup" in capsys.readouterr().err
    log = tmp_path / "log_file"
    assert len(log.read_text().splitlines() if log.exists() else []) == lines
