# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet goes over to another distribution, host by host, as docs/guides/scale_the_fleet.md says, under load."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import deploy, deploy_to_converged_hosts, run_playbook

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

DEBIAN_13 = "/aws/service/debian/release/13/latest/amd64"
IMAGES = {"web": DEBIAN_13, "worker": DEBIAN_13}
# As large as before while each of the old hosts is replaced.
GROWN = {"web": 3, "worker": 2, "scheduler": 1, "redis": 1}
MIXED = ("-e", json.dumps({"instances_counts": GROWN, "instances_images": IMAGES}))
AFTERWARDS = ("-e", json.dumps({"instances_images": IMAGES}))


def distributions(fleet: Fleet) -> dict[str, str]:
    """Return the version of Debian that each host of the application has."""
    return {host: fleet.run(host, ". /etc/os-release && echo $VERSION_ID").strip() for host in fleet.application_hosts}


def replace(fleet: Fleet, *, web: str, worker: str, told: Sequence[str]) -> None:
    """Terminate two hosts as the guide says it, make them again, and give them what the fleet runs."""
    target: list[TargetDescriptionTypeDef] = [{"Id": fleet.hosts[web]["instance_id"]}]
    fleet.elb.deregister_targets(TargetGroupArn=fleet.target_group, Targets=target)
    fleet.elb.get_waiter("target_deregistered").wait(
        TargetGroupArn=fleet.target_group, Targets=target, WaiterConfig={"Delay": 2}
    )
    fleet.run(worker, "supervisorctl stop all")
    fleet.ec2.terminate_instances(InstanceIds=[fleet.hosts[host]["instance_id"] for host in (web, worker)])
    assert run_playbook("provision", *told).code == 0
    joined = deploy("v1", *told)
    assert joined.code == 0, joined


@pytest.mark.thorough
@pytest.mark.timeout(3000)
def test_a_fleet_goes_over_to_another_distribution_under_load_and_nothing_is_lost(
    on_v1: Fleet, own_python: tuple[str, str]
) -> None:
    # Debian 13 does not have the Python of Debian 12.
    mixed_fleet, afterwards = (*MIXED, *own_python), (*AFTERWARDS, *own_python)
    with under_load(on_v1) as loaded:
        assert run_playbook("provision", *mixed_fleet).code == 0
        joined = deploy("v1", *mixed_fleet)
        assert joined.code == 0, joined
        mixed = Fleet()
        assert distributions(mixed) == {
            **dict.fromkeys(("web1", "web2", "worker1", "scheduler1"), "12"),
            **dict.fromkeys(("web3", "worker2"), "13"),
        }
        assert mixed.in_rotation()
        assert mixed.programs_run()
        # One release, and an artifact for each distribution.
        assert set(mixed.active_releases().values()) == {"v1"}
        assert deploy_to_converged_hosts("v2", *mixed_fleet).code == 0
        assert set(mixed.active_releases().values()) == {"v2"}
        assert run_playbook("rollback", "--skip-tags", "configure", *mixed_fleet).code == 0
    assert_nothing_lost(mixed, loaded)

    with under_load(mixed) as loaded:
        replace(mixed, web="web1", worker="worker1", told=mixed_fleet)
        assert Fleet().in_rotation()
        left = run_playbook("scale_in", *afterwards)
        assert left.code == 0, left
        assert deploy_to_converged_hosts("v2", *afterwards).code == 0
    whole = Fleet()
    assert distributions(whole) == {"web1": "13", "web2": "12", "worker1": "13", "scheduler1": "12"}
    assert whole.programs_run()
    assert_nothing_lost(whole, loaded)
    again = deploy("v2", *afterwards)
    assert (again.code, set(again.changed.values())) == (0, {0}), again
