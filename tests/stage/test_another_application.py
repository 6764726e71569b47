# SPDX-License-Identifier: GPL-3.0-or-later
"""The other sample application: no jobs, ASGI, other names, all of it by variables. To run it: `make test-another`."""

from __future__ import annotations

import json
import re

import pytest

from lab.load.options import Options
from tests.stage.conftest import Loaded, under_load
from tests.stage.fleet import Fleet, described_stage, eventually
from tests.stage.operator import CONVERGED, RunningDeploy, deploy, deploy_to_converged_hosts, run_playbook

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


def watchers(fleet: Fleet, host: str = "utility1") -> list[str]:
    """Return the releases that the stage's own program runs from on a host, one for each of its processes."""
    look = "for pid in $(pgrep --full [w]atch_board); do readlink /proc/$pid/cwd; done"
    return [path.rsplit("/", 1)[-1].rsplit("-", 2)[0] for path in fleet.run(host, f"{look}; true").split()]


def counted(fleet: Fleet, host: str = "utility1") -> list[str]:
    """Return the releases that the runs of the stage's own timer on a host have come from, in their order."""
    log = f"/webapps/{fleet.stage['domain']}/logs/timer_counter.log"
    return re.findall(r"^(\S+) counts \d+ notices$", fleet.run(host, f"cat {log} 2>/dev/null; true"), re.MULTILINE)


def timer_waits(fleet: Fleet) -> bool:
    """Whether systemd is to run the timer again."""
    return fleet.run("utility1", "systemctl is-active stage-timer-counter.timer; true").strip() == "active"


def test_own_programs_and_timers_run_on_one_host_and_change_with_the_release(on_v1: Fleet) -> None:
    assert watchers(on_v1) == ["v1"]
    assert timer_waits(on_v1)
    eventually(lambda: counted(on_v1)[-1:] == ["v1"], within=90, what="the timer runs")
    for host in on_v1.of_role("web"):
        assert (watchers(on_v1, host), counted(on_v1, host)) == ([], [])
    before = len(counted(on_v1))
    result = deploy_to_converged_hosts("v2")
    assert result.code == 0, result
    assert watchers(on_v1) == ["v2"]
    eventually(lambda: counted(on_v1)[-1:] == ["v2"], within=90, what="the timer runs from the new release")
    # Nothing of the old one ran again.
    later = counted(on_v1)[before:]
    assert later == sorted(later)


def test_own_programs_and_timers_stop_in_a_pause_and_a_dead_deploy_is_gone_on_with(on_v1: Fleet) -> None:
    running = RunningDeploy("v2", *CONVERGED)
    running.wait_for(r"Put the release on the workers and the scheduler")
    running.kill()
    # Whether the play had begun with them or not: none of the old release runs.
    assert "v1" not in watchers(on_v1)
    looked = run_playbook("status")
    assert looked.code != 0, looked
    assert looked.says(r"utility1 should run watcher, counter, which are stopped|runs no more"), looked
    again = deploy_to_converged_hosts("v2")
    assert again.code == 0, again
    assert watchers(on_v1) == ["v2"]
    assert timer_waits(on_v1)


def test_a_refused_release_leaves_own_programs_and_timers_as_they_were(on_v1: Fleet) -> None:
    # One that cannot start: the release is refused as for a worker, and what ran before runs again.
    fails = {"name": "watcher", "command": "python manage.py watch_bored", "stop_wait": 20}
    # The build looks for the command; a release that is there is not built again.
    deployed = deploy_to_converged_hosts("v2")
    assert deployed.code == 0, deployed
    assert deploy_to_converged_hosts("v1").code == 0
    refused = deploy_to_converged_hosts("v2", "-e", json.dumps({"stage_programs": [fails]}))
    assert refused.code != 0, refused
    assert refused.says(r"watcher-0: BACKOFF|watcher-0: FATAL"), refused
    assert set(on_v1.active_releases().values()) == {"v1"}
    assert watchers(on_v1) == ["v1"]
    assert timer_waits(on_v1)
    assert run_playbook("status").code == 0


def test_programs_that_the_stage_cannot_have_are_refused_before_anything_is_touched(on_v1: Fleet) -> None:
    on_web = {"name": "watcher", "command": "python manage.py watch_board", "role": "web"}
    refused = deploy_to_converged_hosts("v1", "-e", json.dumps({"stage_programs": [on_web]}))
    assert refused.code != 0, refused
    assert refused.says("watcher cannot run on web hosts"), refused
    assert watchers(on_v1) == ["v1"]


def test_the_stage_is_well_and_its_newest_backup_restores(on_v1: Fleet) -> None:
    well = run_playbook("status")
    assert well.code == 0, well
    assert not well.says("queues: "), well
    # The newest of them is to have the tables: the first deploy's is made before it migrates.
    assert run_playbook("backup").code == 0
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
