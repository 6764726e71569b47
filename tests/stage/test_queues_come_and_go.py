# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage with background jobs becomes one without, and one with again, while visitors are there."""

from __future__ import annotations

import json

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import deploy, run_playbook, status
from tests.stage.trouble import BUCKET, SCHEDULED

NO_QUEUES = ("-e", json.dumps({"instances_counts": {"web": 2, "utility": 1}}))
TIMERS = ("amy-database-backup.timer", "amy-database-drill.timer")


def timers(fleet: Fleet, host: str) -> set[str]:
    """Return which of the timers that one host of the stage has are active on a host."""
    found = fleet.run(host, f"systemctl is-active {' '.join(TIMERS)} || true").split()
    return {timer for timer, state in zip(TIMERS, found) if state == "active"}


def last_backups(fleet: Fleet) -> list[str]:
    """Return the names of the last backups of Redis in the bucket."""
    found = fleet.s3.list_objects_v2(Bucket=BUCKET, Prefix="backups/redis/").get("Contents", [])
    return [item["Key"] for item in found if item["Key"].endswith("Z-last.rdb")]


def confirmed(*hosts: str) -> tuple[str, str]:
    """Return what an operator types to remove hosts that hold data."""
    return "-e", f"scale_in_confirm=local/{','.join(hosts)}"


def assert_settled(fleet: Fleet, *arguments: str) -> None:
    """Require a stage on which nothing needs a hand, and the same deploy changes nothing."""
    found = status(*arguments)
    assert (found.code, found.findings) == (0, {})
    again = deploy("v1", *arguments)
    assert (again.code, set(again.changed.values())) == (0, {0}), again
    assert fleet.programs_run()


def deploy_without_queues(before: Fleet) -> Fleet:
    """Deploy beside the hosts of the queues, which go on; return the stage with hosts of both kinds."""
    made, link = timers(before, "scheduler1"), f"readlink /webapps/{before.stage['domain']}/repo"
    old_release = before.run("worker1", link)
    assert run_playbook("provision", *NO_QUEUES).code == 0
    both = Fleet()
    assert set(both.hosts) - set(before.hosts) == {"utility1"}
    # What runs still needs Redis.
    early = run_playbook("scale_in", *NO_QUEUES, *confirmed("scheduler1", "redis1"))
    assert early.code == 2
    assert early.says("settings lead to one of scheduler1, redis1.*make deploy STAGE=local"), early

    deployed = deploy("v1", *NO_QUEUES)
    assert deployed.code == 0, deployed
    assert deployed.says("worker1, scheduler1, redis1 keep what they run"), deployed
    assert both.in_rotation()
    # Those that leave run what they ran, and work off what waits; one host makes the backups.
    assert both.run("worker1", link) == old_release
    assert both.programs_run()
    assert (timers(both, "scheduler1"), timers(both, "utility1")) == (set(), made)
    return both


def remove_queues(both: Fleet) -> None:
    """Remove the hosts of the queues, once no job waits and the operator has typed them."""
    # What the old release has scheduled is due within twenty seconds, and nothing new comes.
    eventually(lambda: both.queues(f"zcard {SCHEDULED}").strip() == "0", within=120, what="no job is scheduled")
    eventually(lambda: both.queues("llen rq:queue:default").strip() == "0", within=120, what="no job waits")
    both.queues(f"zadd {SCHEDULED} 4000000000 in-the-year-2096")
    kept = run_playbook("scale_in", *NO_QUEUES, *confirmed("scheduler1", "redis1"))
    both.queues(f"zrem {SCHEDULED} in-the-year-2096")
    assert kept.code == 2
    assert kept.says(r"1 scheduled \(in-the-year-2096\).*make jobs STAGE=local"), kept

    asked = run_playbook("scale_in", *NO_QUEUES)
    assert asked.code == 2
    assert asked.says("make scale-in STAGE=local CONFIRM=local/scheduler1,redis1"), asked
    assert set(Fleet().hosts) == set(both.hosts)
    left = run_playbook("scale_in", *NO_QUEUES, *confirmed("scheduler1", "redis1"))
    assert left.code == 0, left


@pytest.fixture
def without_queues(on_v1: Fleet) -> Fleet:
    """Return the stage without hosts for background jobs, which a test before may have left so."""
    if "redis1" in on_v1.hosts:
        remove_queues(deploy_without_queues(on_v1))
    return Fleet()


@pytest.mark.thorough
def test_a_stage_loses_its_queues_under_load_and_nothing_is_lost(on_v1: Fleet) -> None:
    made, kept = timers(on_v1, "scheduler1"), len(last_backups(on_v1))
    assert made == set(TIMERS)
    with under_load(on_v1) as loaded:
        remove_queues(deploy_without_queues(on_v1))
    without = Fleet()
    assert set(without.hosts) == {"web1", "web2", "utility1"}
    assert_nothing_lost(without, loaded)
    assert len(last_backups(without)) == kept + 1
    assert run_playbook("restore_drill", *NO_QUEUES).code == 0
    assert_settled(without, *NO_QUEUES)


@pytest.mark.thorough
def test_a_stage_gains_queues_under_load_and_nothing_is_lost(without_queues: Fleet) -> None:
    with under_load(without_queues) as loaded:
        assert run_playbook("provision").code == 0
        returned = deploy("v1")
        assert returned.code == 0, returned
        both = Fleet()
        assert both.in_rotation()
        assert (timers(both, "scheduler1"), timers(both, "utility1")) == (set(TIMERS), set())
        removed = run_playbook("scale_in", *confirmed("utility1"))
        assert removed.code == 0, removed
    whole = Fleet()
    assert set(whole.hosts) == {"web1", "web2", "worker1", "scheduler1", "redis1"}
    assert_nothing_lost(whole, loaded)
    assert_settled(whole)


@pytest.mark.thorough
def test_a_host_that_takes_the_backups_over_restores_those_of_the_one_before(on_v1: Fleet) -> None:
    """The duty moves before its host has made a backup: what is newest is in the bucket only."""
    assert run_playbook("backup").code == 0
    made = sorted(on_v1.run("scheduler1", f"ls /webapps/{on_v1.stage['domain']}/DB_backups").split())
    newest = [name for name in made if name.endswith(".dump")][-1]
    assert run_playbook("provision", *NO_QUEUES).code == 0
    try:
        configured = run_playbook("configure", *NO_QUEUES)
        assert configured.code == 0, configured
        drilled = run_playbook("restore_drill", *NO_QUEUES)
        assert drilled.code == 0, drilled
        assert drilled.says(f"{newest} restores"), drilled
        assert timers(Fleet(), "scheduler1") == set()
    finally:
        assert run_playbook("configure").code == 0
        assert run_playbook("backup").code == 0
        assert run_playbook("scale_in", *confirmed("utility1")).code == 0
    assert "amy-database-backup.timer" in timers(on_v1, "scheduler1")
