# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system becomes what is wanted, in moto as the local cloud corrects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lab.local_cloud.corrections import efs as correction
from plugins.module_utils.file_systems import (
    FileSystemError,
    FileSystems,
    Found,
    Plan,
    Target,
    Wanted,
    described,
    plan,
    promised,
)
from tests.unit.plugins.module_utils.fake_clock import FakeClock

NAME = "amy-test"
GROUPS = ("sg-1",)
IN_A = Target(id="fsmt-1", subnet="subnet-a", zone="a", groups=GROUPS)
FOUND = Found(id="fs-1", backed_up=True, unused_days=0, targets=(IN_A,))
WANTED = Wanted(unused_days=0, subnets={"subnet-a": "a"}, groups=GROUPS)
NOTHING = Plan(back_up=False, set_unused_days=False, add_in=(), correct_groups_of=())


@pytest.mark.parametrize(
    ("wanted", "found", "steps"),
    [
        (WANTED, FOUND, NOTHING),
        (WANTED, replace(FOUND, backed_up=False), replace(NOTHING, back_up=True)),
        (replace(WANTED, unused_days=30), FOUND, replace(NOTHING, set_unused_days=True)),
        (replace(WANTED, subnets={"subnet-a": "a", "subnet-b": "b"}), FOUND, replace(NOTHING, add_in=("subnet-b",))),
        # One a zone: the first of two subnets, and none where another subnet of the zone has one already.
        (replace(WANTED, subnets={"subnet-b": "b", "subnet-c": "b"}), FOUND, replace(NOTHING, add_in=("subnet-b",))),
        (replace(WANTED, subnets={"subnet-d": "a"}), FOUND, NOTHING),
        (replace(WANTED, groups=("sg-2",)), FOUND, replace(NOTHING, correct_groups_of=("fsmt-1",))),
        (replace(WANTED, subnets=None, groups=()), FOUND, NOTHING),
    ],
)
def test_only_what_differs_is_done(wanted: Wanted, found: Found, steps: Plan) -> None:
    assert plan(wanted, found) == steps


def test_the_difference_is_shown() -> None:
    wanted = Wanted(unused_days=30, subnets={"subnet-b": "b"}, groups=("sg-2",))
    assert described(None) == {}
    assert described(FOUND) == {"backed_up": True, "unused_days": 0, "targets": {"subnet-a": ["sg-1"]}}
    targets = {"subnet-a": ["sg-2"], "subnet-b": ["sg-2"]}
    assert promised(wanted, FOUND) == {"backed_up": True, "unused_days": 30, "targets": targets}
    assert promised(wanted, None)["targets"] == {"subnet-b": ["sg-2"]}
    assert promised(replace(wanted, subnets=None), FOUND)["targets"] == {"subnet-a": ["sg-1"]}


@dataclass(frozen=True)
class Cloud:
    """moto's EFS, and a network for it."""

    efs: Any
    systems: FileSystems
    clock: FakeClock
    subnets: dict[str, str]
    group: str

    def wanted(self) -> Wanted:
        return Wanted(unused_days=30, subnets=self.subnets, groups=(self.group,))


@pytest.fixture
def cloud(aws: Callable[[str], Any]) -> Cloud:
    correction.install()
    efs, ec2 = (aws(service) for service in ("efs", "ec2"))
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="files", Description="files", VpcId=vpc)["GroupId"]
    clock = FakeClock()
    systems = FileSystems(efs, ec2, clock=clock)
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    return Cloud(efs, systems, clock, systems.zones(subnets), group)


def test_a_new_one_is_encrypted_backed_up_and_has_an_address_in_each_zone(cloud: Cloud) -> None:
    assert cloud.systems.find(NAME) is None
    made = cloud.systems.create(NAME, tags={"Stage": "test"})
    cloud.systems.correct(NAME, found=made, wanted=cloud.wanted())
    found = cloud.systems.find(NAME)
    assert found
    assert plan(cloud.wanted(), found) == NOTHING
    (answer,) = cloud.efs.describe_file_systems()["FileSystems"]
    assert (answer["Encrypted"], answer["NumberOfMountTargets"], answer["Name"]) == (True, 2, NAME)
    assert {"Key": "Stage", "Value": "test"} in answer["Tags"]


def test_backups_that_were_switched_off_are_switched_on(cloud: Cloud) -> None:
    made = cloud.systems.create(NAME, tags={})
    cloud.efs.put_backup_policy(FileSystemId=made.id, BackupPolicy={"Status": "DISABLED"})
    found = cloud.systems.find(NAME)
    assert found
    assert not found.backed_up
    cloud.systems.correct(NAME, found=found, wanted=cloud.wanted())
    again = cloud.systems.find(NAME)
    assert again
    assert again.backed_up


def test_a_detached_one_keeps_its_files_and_gets_its_addresses_again(cloud: Cloud) -> None:
    made = cloud.systems.create(NAME, tags={})
    cloud.systems.correct(NAME, found=made, wanted=cloud.wanted())
    found = cloud.systems.find(NAME)
    assert found
    cloud.systems.detach(NAME, found=found)
    bare = cloud.systems.find(NAME)
    assert bare
    assert (bare.id, bare.targets) == (made.id, ())
    cloud.systems.correct(NAME, found=bare, wanted=cloud.wanted())
    assert cloud.systems.find(NAME) != bare


def test_what_never_becomes_available_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud.systems, "_describe", lambda _name: {"LifeCycleState": "creating"})
    with pytest.raises(FileSystemError, match="run the same command again"):
        cloud.systems.create(NAME, tags={})
    assert cloud.clock.elapsed >= 600
