# SPDX-License-Identifier: GPL-3.0-or-later
"""Good releases: the first, the same again, and, under load, the next and the one before."""

from __future__ import annotations

from tests.stage.conftest import assert_figures_agree, assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import CONVERGED, deploy, deploy_to_converged_hosts, run_playbook


def test_the_first_deploy_serves_and_the_same_again_changes_nothing(fleet: Fleet) -> None:
    first = deploy("v1")
    assert first.code == 0, first
    assert fleet.fetch("/version/") == (200, "v1")
    again = deploy("v1")
    assert again.code == 0, again
    assert again.changed == dict.fromkeys(again.changed, 0), again
    assert set(fleet.hosts) <= set(again.changed)
    assert "nothing to change" in again.output


def test_a_deploy_under_load_loses_nothing(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        result = deploy_to_converged_hosts("v2")
    assert result.code == 0, result
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert on_v1.in_rotation()
    assert_figures_agree(on_v1, loaded)
    assert_nothing_lost(on_v1, loaded)


def test_a_rollback_under_load_loses_nothing(on_v2_after_v1: Fleet) -> None:
    with under_load(on_v2_after_v1) as loaded:
        result = run_playbook("rollback", *CONVERGED)
    assert result.code == 0, result
    assert set(on_v2_after_v1.active_releases().values()) == {"v1"}
    assert on_v2_after_v1.in_rotation()
    assert_nothing_lost(on_v2_after_v1, loaded)
