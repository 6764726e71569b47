# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploys that are struck: a host dies, the controller dies. The same command again leads to the same end."""

from __future__ import annotations

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet, seconds_until
from tests.stage.operator import CONVERGED, RECOVERED, RunningDeploy, deploy_to_converged_hosts, run_playbook


@pytest.mark.thorough
def test_a_host_killed_while_it_rolls_halts_the_deploy_and_returns_the_fleet(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        running = RunningDeploy("v2", *CONVERGED)
        for _ in ("gatekeeper", "second host"):
            running.wait_for(r"PLAY \[Roll the web hosts, a gatekeeper first")
            second = running.wait_for(r"for web\d").split()[-1]
        # It has left the rotation and has no request in flight: it dies in the middle of its change.
        running.wait_for(r"TASK \[Make it the active release")
        on_v1.container(second).kill()
        result = running.finish()
    assert result.code != 0, result
    assert second in result.output.split("was not deployed")[-1]
    assert loaded.lost == 0, loaded.report.summary()
    on_v1.start(second)
    again = deploy_to_converged_hosts("v2")
    assert again.code == 0, again
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert on_v1.in_rotation()


@pytest.mark.thorough
def test_a_deploy_does_not_succeed_while_a_host_that_had_it_is_gone(on_v1: Fleet) -> None:
    running = RunningDeploy("v2", *CONVERGED)
    running.wait_for(r"PLAY \[Roll the web hosts, a gatekeeper first")
    gatekeeper = running.wait_for(r"for web\d").split()[-1]
    running.wait_for(r"PLAY \[Roll the web hosts, a gatekeeper first")
    running.wait_for(r"TASK \[Make it the active release")
    on_v1.container(gatekeeper).kill()
    result = running.finish()
    on_v1.start(gatekeeper)
    assert result.code != 0, result
    assert gatekeeper in result.output.rpartition("fatal: ")[2], result
    again = deploy_to_converged_hosts("v2")
    assert again.code == 0, again
    assert on_v1.in_rotation()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "moment",
    [
        r"TASK \[.*Stage the release",
        r"PLAY \[Migrate the database once",
        r"TASK \[.*Run the workers from it",
        r"TASK \[.*Wait until the requests in flight have ended",
        r"TASK \[.*Rejoin the rotation|TASK \[.*Join the rotation",
    ],
)
def test_the_same_command_goes_on_where_a_dead_controller_stopped(on_v1: Fleet, moment: str) -> None:
    with under_load(on_v1) as loaded:
        running = RunningDeploy("v2", *CONVERGED)
        running.wait_for(moment)
        running.kill()
        again = deploy_to_converged_hosts("v2")
    assert again.code == 0, again
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)
    undisturbed = deploy_to_converged_hosts("v2")
    assert undisturbed.changed == dict.fromkeys(undisturbed.changed, 0), undisturbed


@pytest.mark.thorough
def test_a_host_that_a_dead_controller_left_out_of_rotation_rejoins_before_anything_else(on_v1: Fleet) -> None:
    running = RunningDeploy("v2", *CONVERGED)
    running.wait_for(r"TASK \[.*Wait until the requests in flight have ended")
    running.kill()
    assert not on_v1.in_rotation()
    with under_load(on_v1) as loaded:
        again = RunningDeploy("v2")
        waited = seconds_until(on_v1.in_rotation, within=180, what="the host is back in rotation")
        result = again.finish()
    print(f"the host was back {waited:.1f} s after the command")  # noqa: T201 - what the test is read for
    assert result.code == 0, result
    assert result.says(r"It is not in rotation \(.*\), and deploy .* died. It is to serve"), result
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)
    assert waited <= RECOVERED, f"the host was away for {waited:.1f} s of the same command, not {RECOVERED} s at most"


@pytest.mark.thorough
def test_a_rollback_goes_on_where_a_dead_controller_stopped(on_v2_after_v1: Fleet) -> None:
    running = RunningDeploy("v1", *CONVERGED, "-e", "deploy_reason=make rollback")
    running.wait_for(r"PLAY \[Roll the web hosts, a gatekeeper first")
    running.kill()
    again = run_playbook("rollback", *CONVERGED)
    assert again.code == 0, again
    assert set(on_v2_after_v1.active_releases().values()) == {"v1"}
    assert on_v2_after_v1.in_rotation()


@pytest.mark.thorough
def test_the_next_deploy_resumes_the_queues_that_a_dead_restore_has_paused(on_v1: Fleet) -> None:
    on_v1.queues("set rq:suspended deploy:20260101T000000Z-restore ex 86400")
    again = deploy_to_converged_hosts("v1")
    assert again.code == 0, again
    assert again.says("paused by 20260101T000000Z-restore, which does not run any more"), again
    assert on_v1.queues("exists rq:suspended").split()[-1] == "0"
    undisturbed = deploy_to_converged_hosts("v1")
    assert undisturbed.changed == dict.fromkeys(undisturbed.changed, 0), undisturbed
