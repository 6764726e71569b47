# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks of the backups' programs, as a host gets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.templates.rendering import Template, render


@pytest.mark.parametrize("role", ["database_backup", "redis_backup"])
def test_only_root_can_hold_a_lock_or_put_something_in_its_place(role: str) -> None:
    settings = json.loads(render(Template(role=role, path="settings.json.j2")))
    # Every user may write to /run/lock.
    assert Path(settings["lock"]["file"]).parent == Path("/run")
