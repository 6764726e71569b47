# SPDX-License-Identifier: GPL-3.0-or-later
"""The other sample application: no jobs, ASGI, other names, all of it by variables. To run it: `make test-another`."""

from __future__ import annotations

import json

import pytest

from tests.load.options import Options
from tests.stage.conftest import Loaded, under_load
from tests.stage.fleet import Fleet, described_stage
from tests.stage.operator import CONVERGED, deploy, deploy_to_converged_hosts, run_playbook

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(described_stage().get("stage") != "another", reason="needs `make local STAGE=another`"),
]

BOARD = Options(
    rate=25.0,
    slow_rate=0.0,
    upload_rate=0.0,
    front_text="Opening hours",
    inner_page="/notices/1/",
    inner_text="Welcome",
    static_url="/assets/",
    duration=1200.0,
)


def assert_nothing_lost(loaded: Loaded) -> None:
    """Require that every request was answered, before and after the change of release."""
    assert (loaded.lost, loaded.report.skipped) == (0, 0), loaded.report.summary()
    assert set(loaded.report.releases) == {"v1", "v2"}, loaded.report.summary()


def test_the_first_deploy_serves_and_the_same_again_changes_nothing(fleet: Fleet) -> None:
    assert {host["role"] for host in fleet.hosts.values()} == {"web", "utility"}
    first = deploy("v1")
    assert first.code == 0, first
    assert fleet.fetch("/healthz/") == (200, "v1 is well\n")
    again = deploy("v1")
    assert again.code == 0, again
    assert again.changed == dict.fromkeys(again.changed, 0), again
    assert set(fleet.hosts) <= set(again.changed)


def test_a_deploy_under_load_loses_nothing(on_v1: Fleet) -> None:
    with under_load(on_v1, BOARD) as loaded:
        result = deploy_to_converged_hosts("v2")
    assert result.code == 0, result
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert "by the house" in on_v1.fetch("/")[1]
    assert_nothing_lost(loaded)


def test_a_rollback_under_load_loses_nothing(on_v2_after_v1: Fleet) -> None:
    with under_load(on_v2_after_v1, BOARD) as loaded:
        result = run_playbook("rollback", *CONVERGED)
    assert result.code == 0, result
    assert set(on_v2_after_v1.active_releases().values()) == {"v1"}
    assert_nothing_lost(loaded)


def test_a_release_that_is_refused_is_returned_without_workers(on_v1: Fleet) -> None:
    only_v1 = {"path": "/healthz/", "host": on_v1.stage["domain"], "text": "v1 is well"}
    with under_load(on_v1, BOARD) as loaded:
        refused = deploy_to_converged_hosts("v2", "-e", json.dumps({"release_health_checks": [only_v1]}))
    assert refused.code != 0, refused
    assert set(on_v1.active_releases().values()) == {"v1"}
    assert on_v1.in_rotation()
    assert (loaded.lost, loaded.report.skipped) == (0, 0), loaded.report.summary()


def test_the_stage_is_well_and_its_newest_backup_restores(on_v1: Fleet) -> None:
    well = run_playbook("status")
    assert well.code == 0, well
    assert not well.says("queues: "), well
    drill = run_playbook("restore_drill")
    assert drill.code == 0, drill
    assert run_playbook("maintenance", "-e", "maintenance_mode=on").code == 0
    try:
        confirm = f"restore_confirm=another/{on_v1.stage['database']['name']}"
        restored = run_playbook("restore", "-e", "restore_from=newest", "-e", confirm)
        assert restored.code == 0, restored
    finally:
        assert run_playbook("maintenance", "-e", "maintenance_mode=off").code == 0
    assert on_v1.fetch("/")[0] == 200
