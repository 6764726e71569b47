# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations that fail, and those that the running release cannot live with: found on a copy, and the way back."""

from __future__ import annotations

import pytest

from tests.stage.conftest import assert_nothing_lost, assert_only_the_maintenance_page, under_load
from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import CONVERGED, RunningDeploy, deploy, deploy_to_converged_hosts, run_playbook

APPLIED = "SELECT app, name FROM django_migrations ORDER BY id"
COPIES = "SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal'"


def test_a_migration_that_fails_on_the_copy_touches_nothing(on_v1: Fleet) -> None:
    applied = on_v1.query(APPLIED)
    with under_load(on_v1) as loaded:
        refused = deploy_to_converged_hosts("v2-badmigration")
    assert refused.code != 0
    assert "A copy of today's database refused the migrations: KeyError: 'Hosts'" in refused.output
    assert on_v1.query(APPLIED) == applied
    assert on_v1.query(COPIES) == []
    assert set(on_v1.active_releases().values()) == {"v1"}
    assert_nothing_lost(on_v1, loaded)


def test_a_migration_that_renames_holds_requests_and_is_reversed_for_a_rollback(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        chosen = deploy_to_converged_hosts("v3")
    assert chosen.code == 0, chosen
    assert "Strategy: hold" in chosen.output
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.fetch("/account/login/")[0] == 200
    assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)

    refused = run_playbook("rollback", *CONVERGED)
    assert refused.code != 0
    assert "ledger.0004_clearer_names: RENAMING columns" in refused.output
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.fetch("/account/login/")[0] == 200

    go_back_from_v3(on_v1)


@pytest.mark.thorough
def test_a_closed_site_gives_the_page_and_nothing_else(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        closed = deploy("v3", *CONVERGED, "-e", "deploy_strategy=maintenance")
    assert closed.code == 0, closed
    assert on_v1.fetch("/account/login/")[0] == 200
    assert_only_the_maintenance_page(on_v1, loaded)
    go_back_from_v3(on_v1)


@pytest.mark.thorough
def test_a_controller_that_dies_in_a_hold_leaves_the_page_and_the_same_command_goes_on(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        running = RunningDeploy("v3", *CONVERGED)
        running.wait_for(r"PLAY \[Migrate the database once")
        running.kill()
        eventually(lambda: on_v1.fetch("/account/login/")[0] == 503, within=60, what="the page is shown")
        again = deploy_to_converged_hosts("v3")
    assert again.code == 0, again
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.fetch("/account/login/")[0] == 200
    assert_only_the_maintenance_page(on_v1, loaded)
    go_back_from_v3(on_v1)


@pytest.mark.thorough
def test_a_release_that_one_of_two_hosts_refuses_in_a_hold_is_served_by_the_other(on_v1: Fleet) -> None:
    gunicorn = f"/webapps/{on_v1.stage['domain']}/releases/v3-*/.venv/bin/gunicorn"
    with under_load(on_v1) as loaded:
        running = RunningDeploy("v3", *CONVERGED)
        running.wait_for(r"PLAY \[Take the deploy lock")
        on_v1.run("web2", f"for program in {gunicorn}; do mv $program $program.gone; done")
        refused = running.finish()
        assert refused.code != 0, refused
        assert refused.says("the new release is served by web1 alone"), refused
        assert on_v1.target_states() == {"web1": "healthy"}
        releases = on_v1.active_releases()
        assert {releases[host] for host in releases if host != "web2"} == {"v3"}
        assert on_v1.fetch("/account/login/")[0] == 200

        on_v1.run("web2", f"for program in {gunicorn}.gone; do mv $program ${{program%.gone}}; done")
        again = deploy_to_converged_hosts("v3")
    assert again.code == 0, again
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.in_rotation()
    # Those who waited for the host that refused it got the page.
    assert_only_the_maintenance_page(on_v1, loaded)
    go_back_from_v3(on_v1)


@pytest.mark.thorough
def test_the_control_a_forced_rolling_deploy_of_a_renaming_migration_loses_requests(on_v1: Fleet) -> None:
    refused = deploy_to_converged_hosts("v3", "-e", "deploy_strategy=rolling")
    assert refused.code != 0
    assert refused.says(r"deploy_accept_migrations=ledger\.0004_clearer_names")
    assert set(on_v1.active_releases().values()) == {"v1"}

    forced = ("-e", "deploy_strategy=rolling", "-e", "deploy_accept_migrations=ledger.0004_clearer_names")
    with under_load(on_v1) as loaded:
        deploy_to_converged_hosts("v3", *forced)
    assert loaded.lost > 0, loaded.report.summary()
    go_back_from_v3(on_v1)


def go_back_from_v3(on_v1: Fleet) -> None:
    """Reverse what v3 has migrated, after it was refused without a confirmation, and roll back."""
    run_playbook("maintenance", "-e", "maintenance_mode=on")
    applied = on_v1.query(APPLIED)
    unconfirmed = run_playbook("reverse_migrations")
    assert unconfirmed.code != 0
    assert "CONFIRM=local/amy" in unconfirmed.output
    assert "ledger.0004_clearer_names: no row and no value is lost" in unconfirmed.output
    assert on_v1.query(APPLIED) == applied

    reversed_ = run_playbook("reverse_migrations", "-e", "reversal_confirm=local/amy")
    assert reversed_.code == 0, reversed_
    back = run_playbook("rollback", *CONVERGED)
    assert back.code == 0, back
    run_playbook("maintenance", "-e", "maintenance_mode=off")
    assert len(set(on_v1.active_releases().values())) == 1
    assert "v3" not in on_v1.active_releases().values()
    assert on_v1.fetch("/account/login/")[0] == 200
