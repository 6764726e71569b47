# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are kept, created and removed when the counts change, and what each is there for meanwhile."""

from __future__ import annotations

import re

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.fleet_plan import (
    FleetError,
    Plan,
    complaint,
    duties,
    images,
    lacking_roles,
    lines,
    plan,
    unfit_images,
)
from ansible_collections.carpentries.amy.plugins.module_utils.host_kinds import NAMES
from hypothesis import given
from hypothesis import strategies as st

COUNTS = {"web": 2, "worker": 1, "scheduler": 1, "redis": 1}
NO_QUEUES = {"web": 2, "utility": 1}
OLD, NEW = "/aws/service/debian/release/12/latest/amd64", "/aws/service/debian/release/13/latest/amd64"
FLEET = ["redis1", "scheduler1", "web1", "web2", "worker1"]


def test_a_new_stage_creates_every_host() -> None:
    assert plan(counts=COUNTS, existing=[]) == Plan(
        keep=[], create=["web1", "web2", "worker1", "scheduler1", "redis1"], surplus={}, holding=[], ends_queues=False
    )


def test_a_stage_as_it_should_be_changes_nothing() -> None:
    assert plan(counts=COUNTS, existing=FLEET) == Plan(
        keep=["web1", "web2", "worker1", "scheduler1", "redis1"], create=[], surplus={}, holding=[], ends_queues=False
    )


def test_a_gap_is_filled_and_the_highest_number_goes_first() -> None:
    found = plan(counts=COUNTS, existing=["web1", "web3", "web10", "worker1", "worker2"])
    assert found.create == ["web2", "scheduler1", "redis1"]
    assert found.surplus == {"web": ["web10", "web3"], "worker": ["worker2"]}


def test_a_host_that_holds_data_is_named() -> None:
    found = plan(counts=COUNTS, existing=[*FLEET, "redis2", "scheduler2"])
    assert found.surplus == {"scheduler": ["scheduler2"], "redis": ["redis2"]}
    assert (found.holding, found.ends_queues) == (["scheduler2", "redis2"], False)


@pytest.mark.parametrize(
    ("counts", "existing", "surplus", "holding", "ends_queues"),
    [
        # A kind that is left out of the counts is to have no host, as one with 0.
        (NO_QUEUES, FLEET, {"worker": 1, "scheduler": 1, "redis": 1}, ["scheduler1", "redis1"], True),
        (NO_QUEUES | {"worker": 0, "scheduler": 0, "redis": 0}, FLEET, None, ["scheduler1", "redis1"], True),
        # Redis may stay as the application's cache.
        (NO_QUEUES | {"redis": 1}, FLEET, {"worker": 1, "scheduler": 1}, ["scheduler1"], True),
        # A removal that was cut off.
        (NO_QUEUES, ["web1", "web2", "utility1", "redis1"], {"redis": 1}, ["redis1"], True),
        (NO_QUEUES, ["web1", "web2", "utility1"], {}, [], False),
        # The reverse.
        (COUNTS, ["web1", "web2", "utility1"], {"utility": 1}, ["utility1"], False),
    ],
)
def test_a_stage_may_lose_a_kind_of_host(
    counts: dict[str, int],
    existing: list[str],
    surplus: dict[str, int] | None,
    holding: list[str],
    ends_queues: bool,
) -> None:
    found = plan(counts=counts, existing=existing)
    if surplus is not None:
        assert {kind: len(names) for kind, names in found.surplus.items()} == surplus
    assert (found.holding, found.ends_queues) == (holding, ends_queues)


def test_hosts_of_other_names_and_roles_are_left_alone() -> None:
    found = plan(counts={"web": 1}, existing=["web1", "bastion", "legacy1", "web", "web01", "Web2"])
    assert found == Plan(keep=["web1"], create=[], surplus={}, holding=[], ends_queues=False)


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
        "instances web3: beyond instances_counts, left running; scale-in removes them",
        "instance scheduler2: beyond instances_counts, left running; it holds backups of the database, so scale-in "
        "removes it only with a confirmation",
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
        # A host must build and back up.
        ({"web"}, {"web": 2}, ["utility"]),
        (set(), {}, ["utility", "web"]),
        # What the inventory has lost was asked for.
        ({"web", "scheduler"}, COUNTS, ["redis", "worker"]),
        ({"web"}, COUNTS, ["redis", "scheduler", "worker"]),
        ({"web", "worker"}, {}, ["redis", "scheduler"]),
        # What the stage is to lose needs nothing any more.
        ({"web", "utility", "worker"}, {"web": 1, "utility": 1, "worker": 0}, []),
        ({"web", "worker", "scheduler", "redis"}, {"web": 1, "utility": 1}, ["utility"]),
    ],
)
def test_what_a_deploy_cannot_do_without(there: set[str], counts: dict[str, int], lacking: list[str]) -> None:
    groups = {role: [f"{role}1"] if role in there else [] for role in (*COUNTS, "utility", "all")}
    assert lacking_roles(counts=counts, groups=groups) == lacking


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (COUNTS, ""),
        (NO_QUEUES, ""),
        (NO_QUEUES | {"redis": 1, "worker": 0, "scheduler": 0}, ""),
        (COUNTS | {"utility": 1}, ""),
        ({"web": "2", "utility": "1"}, ""),
        (NO_QUEUES | {"web": 0}, "at least one web host"),
        ({}, "at least one web host"),
        (NO_QUEUES | {"web": -1}, "0 or more, and it is web: -1"),
        (NO_QUEUES | {"workre": 1}, "no kind of host called workre"),
        (COUNTS | {"redis": 0}, "there is no redis host"),
        ({"web": 2, "utility": 1, "worker": 1}, "there is no scheduler and no redis host"),
        (COUNTS | {"worker": 0}, "there is no worker host"),
        # Two would not be one the other's replica.
        (COUNTS | {"redis": 2}, "one Redis host at most, and redis is 2"),
        ({"web": 2}, "Give utility at least 1"),
        ({"web": 2, "redis": 1}, "Give utility at least 1"),
    ],
)
def test_counts_that_a_stage_can_have(counts: dict[str, int], said: str) -> None:
    found = complaint(counts)
    assert (said in found) if said else found == ""


def groups_of(*hosts: str) -> dict[str, list[str]]:
    kinds = ("web", "worker", "scheduler", "redis", "utility", "all")
    return {kind: [host for host in hosts if re.fullmatch(rf"{kind}(-[a-z]|\d+)", host)] for kind in kinds}


@pytest.mark.parametrize(
    ("counts", "hosts", "utility", "former", "leaving"),
    [
        (COUNTS, FLEET, ["scheduler1"], [], []),
        (NO_QUEUES, ["web1", "web2", "utility1"], ["utility1"], [], []),
        # A stage whose hosts something else makes.
        ({}, FLEET, ["scheduler1"], [], []),
        # The counts have changed, and nothing is provisioned yet: the backups are made where they were.
        (NO_QUEUES, FLEET, ["scheduler1"], [], ["worker1", "scheduler1", "redis1"]),
        (NO_QUEUES, [*FLEET, "utility1"], ["utility1"], ["scheduler1"], ["worker1", "scheduler1", "redis1"]),
        (NO_QUEUES, ["web1", "web2", "utility1", "redis1"], ["utility1"], [], ["redis1"]),
        # The reverse.
        (COUNTS, ["web1", "web2", "utility1"], ["utility1"], [], ["utility1"]),
        (COUNTS, [*FLEET, "utility1"], ["scheduler1"], ["utility1"], ["utility1"]),
        # Both are wanted: the scheduler's host does it, as always.
        (COUNTS | {"utility": 1}, [*FLEET, "utility1"], ["scheduler1"], ["utility1"], []),
        # An inventory is in the order of the instances' ids. The host with the lowest number is the last to be removed.
        (COUNTS, ["scheduler10", "scheduler2", *FLEET], ["scheduler1"], ["scheduler2", "scheduler10"], []),
        (NO_QUEUES, ["utility2", "web1", "utility1"], ["utility1"], ["utility2"], []),
        # Hosts of other names are not removed.
        ({}, ["scheduler-b", "scheduler-a"], ["scheduler-b"], ["scheduler-a"], []),
        ({}, [], [], [], []),
    ],
)
def test_one_host_has_the_duties_while_kinds_come_and_go(
    counts: dict[str, int], hosts: list[str], utility: list[str], former: list[str], leaving: list[str]
) -> None:
    found = duties(counts=counts, groups=groups_of(*hosts))
    assert (found.utility, found.former, found.leaving) == (utility, former, leaving)
    assert set(found.releases) == set(hosts) - set(leaving) - {"redis1"}


@given(
    existing=st.permutations([*FLEET, "scheduler2", "scheduler10", "utility1", "utility2"]),
    schedulers=st.integers(0, 2),
    utilities=st.integers(0, 2),
)
def test_the_host_with_the_duties_is_not_one_that_is_removed(
    existing: list[str], schedulers: int, utilities: int
) -> None:
    counts = COUNTS | {"scheduler": schedulers, "worker": min(schedulers, 1), "utility": utilities}
    if not complaint(counts):
        surplus = plan(counts=counts, existing=existing).surplus.values()
        (utility,) = duties(counts=counts, groups=groups_of(*existing)).utility
        assert not any(utility in names for names in surplus)


def test_a_stage_is_what_its_counts_say_before_its_hosts_are() -> None:
    found = duties(counts=NO_QUEUES | {"redis": 1}, groups=groups_of(*FLEET))
    assert (found.wants_queues, found.wants_redis, found.wanted_releases) == (False, True, 3)
    assert found.kinds == ["web", "utility", "redis"]
    # Workers and schedulers are there until they are removed.
    assert not set(found.gone) & {"worker", "scheduler", "redis"}
    gone = duties(counts=NO_QUEUES, groups=groups_of("web1", "web2", "utility1")).gone
    assert gone == [kind for kind in NAMES if kind not in NO_QUEUES]
    found = duties(counts={}, groups=groups_of(*FLEET))
    assert (found.wants_queues, found.wants_redis, found.wanted_releases) == (True, True, 4)


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
        ({"web": 1}, {"worker": NEW, "redis1": NEW}, {"web1": OLD}),
    ],
)
def test_a_host_is_made_of_the_image_that_is_chosen_for_it(
    counts: dict[str, int], chosen: dict[str, str], expected: dict[str, str]
) -> None:
    assert images(counts=counts, default=OLD, chosen=chosen) == expected


@pytest.mark.parametrize(
    ("default", "chosen", "message"),
    [
        (OLD, {"wbe": NEW}, "wbe is neither a kind of host nor a host of one; the kinds are web, worker"),
        (OLD, {"workre1": NEW}, "workre1 is neither"),
        (OLD, {"web": "debian13"}, "'debian13', for web, is neither"),
        ("", {}, "for the stage's default, is neither"),
    ],
)
def test_an_image_that_cannot_be_is_refused(default: str, chosen: dict[str, str], message: str) -> None:
    with pytest.raises(FleetError, match=message):
        images(counts={"web": 2}, default=default, chosen=chosen)


@pytest.mark.parametrize(
    ("instance_type", "instance_types", "architecture", "unfit"),
    [
        ("t3.small", {}, "x86_64", []),
        ("t4g.small", {}, "arm64", []),
        ("t4g.small", {}, "x86_64", ["web: t4g.small is arm64, and ami-1 is x86_64"]),
        ("t3.small", {"web": "c7gn.large"}, "x86_64", ["web: c7gn.large is arm64, and ami-1 is x86_64"]),
        ("t3.small", {"worker": "c7gn.large"}, "x86_64", []),
        ("m6i.large", {}, "arm64", ["web: m6i.large is x86_64, and ami-1 is arm64"]),
        # A graphics processor and Intel.
        ("g4dn.xlarge", {}, "x86_64", []),
        ("is4gen.medium", {}, "arm64", []),
        ("g5g.xlarge", {}, "arm64", []),
        ("a1.medium", {}, "arm64", []),
    ],
)
def test_an_instance_type_runs_images_for_its_processors(
    instance_type: str, instance_types: dict[str, str], architecture: str, unfit: list[str]
) -> None:
    found = unfit_images(
        images={"web1": "ami-1", "web2": "ami-1"},
        architectures={"ami-1": architecture},
        instance_type=instance_type,
        instance_types=instance_types,
    )
    assert found == unfit
