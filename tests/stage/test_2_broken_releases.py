# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken releases: refused by one host or earlier, and everything goes on with the old one."""

from __future__ import annotations

import re

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import deploy_to_converged_hosts


@pytest.mark.parametrize(
    ("version", "message"),
    [
        pytest.param("v2-crash", r"web\d: .*gunicorn", marks=pytest.mark.thorough),
        ("v2-error500", r"web\d: .*/account/login/.* 500"),
        pytest.param("v2-slow", r"web\d: .*", marks=pytest.mark.thorough),
        pytest.param("v2-poison", r"cannot be loaded|cannot load|unpickle", marks=pytest.mark.thorough),
    ],
)
def test_a_broken_release_is_refused_and_nothing_is_lost(on_v1: Fleet, version: str, message: str) -> None:
    with under_load(on_v1) as loaded:
        result = deploy_to_converged_hosts(version)
    assert result.code != 0, result
    assert set(on_v1.active_releases().values()) == {"v1"}, result
    assert on_v1.in_rotation(), on_v1.target_states()
    assert on_v1.fetch("/version/") == (200, "v1")
    assert_nothing_lost(on_v1, loaded)
    assert re.search(message, result.output), result
