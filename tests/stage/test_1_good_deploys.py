# SPDX-License-Identifier: GPL-3.0-or-later
"""Good releases: the first, the same again, the next and the one before, all under load."""

from __future__ import annotations

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import deploy, deploy_to_converged_hosts


def test_the_first_deploy_serves_and_the_same_again_changes_nothing(fleet: Fleet) -> None:
    first = deploy("v1")
    assert first.code == 0, first
    assert fleet.fetch("/version/") == (200, "v1")
    again = deploy("v1")
    assert again.code == 0, again
    assert again.changed == dict.fromkeys(again.changed, 0), again
    assert set(fleet.hosts) <= set(again.changed)
    assert "nothing to change" in again.output


@pytest.mark.parametrize("version", ["v2", "v1"])
def test_a_deploy_under_load_loses_nothing(fleet: Fleet, version: str) -> None:
    with under_load(fleet) as loaded:
        result = deploy_to_converged_hosts(version)
    assert result.code == 0, result
    assert set(fleet.active_releases().values()) == {version}
    assert fleet.in_rotation()
    assert_nothing_lost(fleet, loaded)
