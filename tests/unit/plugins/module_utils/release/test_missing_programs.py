# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage runs is in the environment of the release, in its own folder, or on the host."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.release.proof import missing_programs


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("gunicorn config.wsgi", []),
        ("celery -A config worker", ["celery"]),
        ("bin/worker.sh --verbose", []),
        ("./bin/worker.sh", []),
        ("bin/other.sh", ["bin/other.sh"]),
        # A folder of the application is no program.
        ("rq worker", ["rq"]),
        ("sh -c true", []),
        ("", []),
    ],
)
def test_programs_are_looked_for_where_they_are_run_from(tmp_path: Path, command: str, missing: list[str]) -> None:
    for name in (".venv/bin/gunicorn", "bin/worker.sh"):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(mode=0o755)
    (tmp_path / "rq").mkdir()
    assert missing_programs([command], application=tmp_path) == missing
