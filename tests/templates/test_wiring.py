# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks tell roles, and whom a deploy groups, on a stage with background jobs and on one without."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.templates.rendering import ROLES

VARS = ROLES.parent / "playbooks/vars"
QUEUES = {
    "web": ["web1", "web2"],
    "worker": ["worker1"],
    "scheduler": ["scheduler1", "scheduler2"],
    "redis": ["redis1"],
}
NO_QUEUES = {"web": ["web1", "web2"], "utility": ["utility1"]}


def evaluate(expression: str, fleet: dict[str, list[str]], host: str = "localhost", **facts: Any) -> Any:
    """The value of an expression on HOST of a stage with FLEET; `facts` are those that localhost has.

    `told` among them is what the stage's inventory says.
    """
    groups = {role: fleet.get(role, []) for role in ("web", "worker", "scheduler", "utility", "redis")}
    groups["application"] = [name for role, hosts in groups.items() if role != "redis" for name in hosts]
    groups["fleet"] = groups["application"] + groups["redis"]
    changed = facts.pop("changed", [])
    hostvars: dict[str, Any] = {
        name: {"inventory_hostname": name, "ansible_host": "10.0.0.1"} for name in groups["fleet"]
    }
    for name in changed:
        hostvars[name]["deploy_has_new_release"] = True
    variables: dict[str, Any] = {
        "groups": groups,
        "group_names": [name for name, hosts in groups.items() if host in hosts],
        "hostvars": hostvars | {"localhost": facts},
        "inventory_hostname": host,
        "instances_counts": {role: len(hosts) for role, hosts in fleet.items()},
        "stage_parameters": {"redis_application_password": "secret", "database_password": "secret"},
        **facts.pop("told", {}),
    }
    loader = DataLoader()
    for file in ("wiring.yml", "deploy.yml"):
        variables |= loader.load_from_file(str(VARS / file), trusted_as_template=True)
    return Templar(loader=loader, variables=variables).template(trust_as_template("{{ " + expression + " }}"))


def grouped(pairs: list[list[str]]) -> dict[str, list[str]]:
    """Pairs of a host and a group as the hosts of each group, sorted."""
    found: dict[str, list[str]] = {}
    for host, group in sorted(pairs):
        found.setdefault(group, []).append(host)
    return found


@pytest.mark.parametrize(
    ("fleet", "utility", "has_queues"), [(QUEUES, "scheduler1", True), (NO_QUEUES, "utility1", False)]
)
def test_one_host_builds_and_keeps_the_backups(fleet: dict[str, list[str]], utility: str, has_queues: bool) -> None:
    assert evaluate("utility_host", fleet) == utility
    assert evaluate("stage_has_queues", fleet) is has_queues
    builders = [name for hosts in fleet.values() for name in hosts if evaluate("release_builds", fleet, name)]
    keepers = [
        name
        for hosts in fleet.values()
        for name in hosts
        if "database_backup" in evaluate("host_telling_roles", fleet, name)
    ]
    assert builders == keepers == [utility]


def test_a_stage_without_hosts_has_none_for_it() -> None:
    assert evaluate("utility_hosts", {}) == []


def test_figures_of_queues_are_taken_where_there_are_queues() -> None:
    assert evaluate("figures_redis_url", QUEUES, "scheduler1") == "redis://amy:secret@10.0.0.1:6379/2"
    # Redis without jobs is the application's own business.
    assert evaluate("figures_redis_url", NO_QUEUES | {"redis": ["redis1"]}, "utility1") == ""
    assert evaluate("figures_redis_url", NO_QUEUES, "utility1") == ""


@pytest.mark.parametrize(
    ("fleet", "host", "metric", "program"),
    [
        (QUEUES, "scheduler1", "BackupAgeSeconds", "amy-database"),
        (NO_QUEUES, "utility1", "BackupAgeSeconds", "amy-database"),
        (QUEUES, "redis1", "RedisBackupAgeSeconds", "amy-redis"),
        (NO_QUEUES | {"redis": ["redis1"]}, "redis1", "RedisBackupAgeSeconds", "amy-redis"),
    ],
)
def test_each_host_that_keeps_backups_tells_their_age(
    fleet: dict[str, list[str]], host: str, metric: str, program: str
) -> None:
    assert host in evaluate("figures_hosts", fleet)
    assert evaluate("host_telling_roles", fleet, host).count("figures") == 1
    assert evaluate("figures_backup_metric", fleet, host) == metric
    assert evaluate("figures_backup_command", fleet, host) == [program, "check"]


def test_queues_are_counted_on_one_host() -> None:
    assert evaluate("figures_redis_url", QUEUES, "redis1") == ""
    assert "figures" not in evaluate("host_telling_roles", QUEUES, "scheduler2")


def test_each_kind_of_host_has_credentials_of_its_own() -> None:
    assert evaluate("instance_profiles_roles", NO_QUEUES) == ["web", "utility"]
    assert evaluate("stage_hosts_have_credentials | default(true)", NO_QUEUES) is True


@pytest.mark.parametrize(
    ("fleet", "hand_over", "groups"),
    [
        (
            QUEUES,
            ["scheduler1", "scheduler2", "worker1"],
            {
                "others_to_change": ["scheduler1", "scheduler2", "worker1"],
                "queue_keeper": ["scheduler1"],
                "migrator": ["scheduler1"],
            },
        ),
        (NO_QUEUES, ["utility1"], {"others_to_change": ["utility1"], "migrator": ["utility1"]}),
        (NO_QUEUES, [], {"migrator": ["utility1"]}),
    ],
)
def test_whom_a_deploy_changes(fleet: dict[str, list[str]], hand_over: list[str], groups: dict[str, list[str]]) -> None:
    plan = {"rejoin": [], "roll": ["web1", "web2"], "hand_over": hand_over, "needed": True}
    expected = {"web_to_roll": ["web1", "web2"], **groups}
    assert grouped(evaluate("deploy_groups", fleet, deploy_plan=plan)) == expected


@pytest.mark.parametrize(
    ("fleet", "changed", "groups"),
    [
        (
            QUEUES,
            ["web1", "worker1", "scheduler1"],
            {
                "web_to_return": ["web1"],
                "others_to_return": ["scheduler1", "worker1"],
                "queue_to_return": ["scheduler1"],
            },
        ),
        (QUEUES, ["web1"], {"web_to_return": ["web1"]}),
        (NO_QUEUES, ["web1", "utility1"], {"web_to_return": ["web1"], "others_to_return": ["utility1"]}),
    ],
)
def test_whom_a_failed_deploy_returns(
    fleet: dict[str, list[str]], changed: list[str], groups: dict[str, list[str]]
) -> None:
    assert grouped(evaluate("deploy_return_groups", fleet, changed=changed)) == groups


def test_a_hold_lasts_for_migrations_that_visitors_slow_down() -> None:
    rehearsed = [{"name": "a.0002", "seconds": 400.5}, {"name": "a.0003", "seconds": 100.0}]
    left_behind = {"pending": ["a.0002", "a.0003"], "ahead": {"a.0001": []}, "behind": {}}
    migrator = {"deploy_rehearsal": rehearsed, "release_migrations": left_behind}
    told = {"groups": {"migrator": ["scheduler1"]}, "hostvars": {"scheduler1": migrator}}
    assert evaluate("deploy_hold_work_seconds", QUEUES, told=told) == 1501


def test_a_deploy_that_changes_nothing_groups_nobody() -> None:
    plan: dict[str, Any] = {"rejoin": [], "roll": [], "hand_over": [], "needed": False}
    assert evaluate("deploy_groups", QUEUES, deploy_plan=plan) == []


DATABASE = {"project": "amy", "stage": "test", "database_host": "database.example.test", "database_user": "amy"}
REHEARSAL = "copies.abcdef.eu-west-1.rds.example.test"


@pytest.mark.parametrize("elsewhere", [{}, {"database_backup_rehearsal_host": ""}])
def test_copies_are_made_on_the_databases_own_server(elsewhere: dict[str, str]) -> None:
    told = DATABASE | elsewhere
    assert evaluate("rehearsal_server", QUEUES, told=told) == {}
    assert evaluate("rehearsal_identifier", QUEUES, told=told) == "amy-test"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"port": 5432, "user": "amy", "password": "secret"}),
        (
            {"database_backup_rehearsal_port": 5433, "database_backup_rehearsal_user": "copier"},
            {"port": 5433, "user": "copier", "password": "secret"},
        ),
    ],
)
def test_a_release_is_led_to_the_server_that_the_stage_names(more: dict[str, Any], expected: dict[str, Any]) -> None:
    told = DATABASE | {"database_backup_rehearsal_host": REHEARSAL} | more
    assert evaluate("rehearsal_server", QUEUES, told=told) == {"host": REHEARSAL, **expected}
    assert evaluate("rehearsal_identifier", QUEUES, told=told) == "copies"
