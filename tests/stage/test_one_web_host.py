# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage that has one web host for a while, and then another again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import deploy, deploy_to_converged_hosts, run_playbook


@pytest.fixture
def alone(on_v1: Fleet) -> Iterator[Fleet]:
    """Return the stage with one web host; at the end it has two again: a new one joins v2 under load."""
    lost = on_v1.hosts.pop("web2")
    on_v1.ec2.terminate_instances(InstanceIds=[lost["instance_id"]])
    eventually(lambda: set(on_v1.target_states()) == {"web1"}, within=60, what="the load balancer knows web1 only")
    try:
        yield on_v1
    finally:
        with under_load(on_v1) as loaded:
            assert run_playbook("provision").code == 0
            joined = deploy("v2")
        assert joined.code == 0, joined
        on_v1.hosts["web2"] = Fleet().hosts["web2"]
        assert on_v1.in_rotation()
        assert_nothing_lost(on_v1, loaded)


@pytest.mark.thorough
def test_the_only_web_host_gets_three_releases_and_loses_nothing(alone: Fleet) -> None:
    with under_load(alone) as loaded:
        for version in ("v2", "v1", "v2"):
            done = deploy_to_converged_hosts(version)
            assert done.code == 0, done
            assert done.says("Strategy: pause"), done
    assert set(alone.active_releases().values()) == {"v2"}
    assert_nothing_lost(alone, loaded)
