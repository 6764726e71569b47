# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps of its own a stage may add to a deploy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.hooks import hooks_complaint


@pytest.mark.parametrize(
    ("hooks", "complaint"),
    [
        ({}, ""),
        ({"before_migrate": []}, ""),
        ({"after_migrate": [{"command": "python manage.py warm"}], "after_success": [{"tasks": "/etc/cdn.yml"}]}, ""),
        ([], "is no dictionary"),
        ({"after_restart": []}, "has no point after_restart. The points are before_back_up,"),
        ({"after_success": {"command": "true"}}, "deploy_hooks.after_success is no list"),
        ({"after_success": ["true"]}, "neither one command nor one file of tasks: true."),
        ({"after_success": [{"command": "a", "tasks": "b"}]}, "neither one command"),
        ({"after_success": [{"comand": "a"}]}, "neither one command"),
        ({"after_success": [{"command": " "}]}, "neither one command"),
        ({"after_success": [{"command": ["a"]}]}, "neither one command"),
    ],
)
def test_what_a_stage_may_add(hooks: Any, complaint: str) -> None:
    said = hooks_complaint(hooks)
    assert complaint in said
    assert bool(said) == bool(complaint)
