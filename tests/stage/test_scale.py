# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that grows by a number in its inventory, and shrinks again, while visitors are there."""

from __future__ import annotations

import json

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import deploy, run_playbook

GROWN = {"web": 3, "worker": 2, "scheduler": 1, "redis": 1}


@pytest.mark.thorough
def test_hosts_join_and_leave_under_load_and_nothing_is_lost(on_v1: Fleet) -> None:
    before = set(on_v1.hosts)
    with under_load(on_v1) as loaded:
        counts = ("-e", json.dumps({"instances_counts": GROWN}))
        assert run_playbook("provision", *counts).code == 0
        joined = deploy("v1", *counts)
        assert joined.code == 0, joined
        grown = Fleet()
        assert set(grown.hosts) - before == {"web3", "worker2"}
        assert set(grown.active_releases().values()) == {"v1"}
        assert grown.programs_run()
        assert grown.in_rotation()
        # Who served before is left alone; a scheduler host holds the queues while a worker joins.
        untouched = before - set(grown.of_role("scheduler"))
        assert {joined.changed[host] for host in untouched} == {0}, joined.changed

        left = run_playbook("scale_in")
        assert left.code == 0, left
        assert set(Fleet().hosts) == before
        assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)
    # The third web host was not only healthy, it served.
    assert len(loaded.report.servers) == 3, loaded.report.summary()
    again = deploy("v1")
    assert (again.code, set(again.changed.values())) == (0, {0}), again
