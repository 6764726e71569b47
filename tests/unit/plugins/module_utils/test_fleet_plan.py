# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are kept, created and removed when the counts change."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.fleet_plan import (
    FleetError,
    Plan,
    images,
    lacking_roles,
    lines,
    plan,
)

COUNTS = {"web": 2, "worker": 1, "scheduler": 1, "redis": 1}
OLD, NEW = "/aws/service/debian/release/12/latest/amd64", "/aws/service/debian/release/13/latest/amd64"
FLEET = ["redis1", "scheduler1", "web1", "web2", "worker1"]


def test_a_new_stage_creates_every_host() -> None:
    assert plan(counts=COUNTS, existing=[]) == Plan(
        keep=[], create=["web1", "web2", "worker1", "scheduler1", "redis1"], surplus={}, stuck=[]
    )


def test_a_stage_as_it_should_be_changes_nothing() -> None:
    assert plan(counts=COUNTS, existing=FLEET) == Plan(
        keep=["web1", "web2", "worker1", "scheduler1", "redis1"], create=[], surplus={}, stuck=[]
    )


def test_a_gap_is_filled_and_the_highest_number_goes_first() -> None:
    found = plan(counts=COUNTS, existing=["web1", "web3", "web10", "worker1", "worker2"])
    assert found.create == ["web2", "scheduler1", "redis1"]
    assert found.surplus == {"web": ["web10", "web3"], "worker": ["worker2"]}


def test_a_host_that_holds_data_is_never_surplus() -> None:
    found = plan(counts=COUNTS, existing=[*FLEET, "redis2", "scheduler2"])
    assert (found.surplus, found.stuck) == ({}, ["redis2", "scheduler2"])


def test_hosts_of_other_names_and_roles_are_left_alone() -> None:
    found = plan(counts={"web": 1}, existing=["web1", "bastion", "legacy1", "web", "web01", "Web2"])
    assert found == Plan(keep=["web1"], create=[], surplus={}, stuck=[])


def test_people_are_told_the_size_of_what_is_created_and_what_is_left_running() -> None:
    found = plan(counts=COUNTS, existing=["web1", "web3", "scheduler1", "scheduler2", "worker1", "redis1"])
    said = lines(
        found,
        instance_type="t3.small",
        instance_types={"web": "t3.large"},
        volume_size=20,
        images=images(counts=COUNTS, default=OLD, chosen={"web2": NEW}),
    )
    assert said == [
        f"instance web2: will be created (t3.large, 20 GiB gp3, encrypted, of {NEW})",
        "instances web1, worker1, scheduler1, redis1: are there",
        "instances web3: beyond instances_counts, left running; scale_in removes them",
        "instances scheduler2: beyond instances_counts, left running, because they hold data",
    ]


@pytest.mark.parametrize(
    ("there", "counts", "lacking"),
    [
        ({"web", "worker", "scheduler", "redis"}, COUNTS, []),
        ({"web", "worker", "scheduler", "redis"}, {}, []),
        ({"web", "utility"}, {"web": 2, "utility": 1}, []),
        ({"web", "utility"}, {}, []),
        # Redis may be the application's cache.
        ({"web", "utility", "redis"}, {"web": 1, "utility": 1, "redis": 1}, []),
        # Somebody must build and back up.
        ({"web"}, {"web": 2}, ["utility"]),
        (set(), {}, ["utility", "web"]),
        # What the inventory has lost was asked for.
        ({"web", "scheduler"}, COUNTS, ["redis", "worker"]),
        ({"web"}, COUNTS, ["redis", "scheduler", "worker"]),
        ({"web", "worker"}, {}, ["redis", "scheduler"]),
        ({"web", "utility", "worker"}, {"web": 1, "utility": 1, "worker": 0}, ["redis", "scheduler"]),
    ],
)
def test_what_a_deploy_cannot_do_without(there: set[str], counts: dict[str, int], lacking: list[str]) -> None:
    groups = {role: [f"{role}1"] if role in there else [] for role in (*COUNTS, "utility", "all")}
    assert lacking_roles(counts=counts, groups=groups) == lacking


def test_a_utility_host_holds_backups_too() -> None:
    found = plan(counts={"web": 1, "utility": 1}, existing=["web1", "utility1", "utility2"])
    assert (found.surplus, found.stuck) == ({}, ["utility2"])


@pytest.mark.parametrize(
    ("counts", "chosen", "expected"),
    [
        ({"web": 2, "worker": 1}, {}, {"web1": OLD, "web2": OLD, "worker1": OLD}),
        # One host more, of the next distribution.
        ({"web": 3}, {"web3": NEW}, {"web1": OLD, "web2": OLD, "web3": NEW}),
        ({"web": 2, "worker": 1}, {"web": NEW}, {"web1": NEW, "web2": NEW, "worker1": OLD}),
        # A host is told apart from its role.
        ({"web": 2}, {"web": NEW, "web1": "ami-0123456789abcdef0"}, {"web1": "ami-0123456789abcdef0", "web2": NEW}),
        # The host has gone, and its line is still there.
        ({"web": 1}, {"web3": NEW}, {"web1": OLD}),
        ({"web": 1, "worker": 0}, {"worker": NEW}, {"web1": OLD}),
    ],
)
def test_a_host_is_made_of_the_image_that_is_chosen_for_it(
    counts: dict[str, int], chosen: dict[str, str], expected: dict[str, str]
) -> None:
    assert images(counts=counts, default=OLD, chosen=chosen) == expected


@pytest.mark.parametrize(
    ("default", "chosen", "message"),
    [
        (OLD, {"wbe": NEW}, "wbe is neither a role nor a host of one; the roles are web"),
        (OLD, {"worker1": NEW}, "worker1 is neither"),
        (OLD, {"web": "debian13"}, "'debian13', for web, is neither"),
        ("", {}, "for the stage's default, is neither"),
    ],
)
def test_an_image_that_cannot_be_is_refused(default: str, chosen: dict[str, str], message: str) -> None:
    with pytest.raises(FleetError, match=message):
        images(counts={"web": 2}, default=default, chosen=chosen)
