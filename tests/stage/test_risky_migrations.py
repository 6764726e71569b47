# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations that fail, and those that the running release cannot live with: found on a copy, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stage.conftest import assert_nothing_lost, assert_only_the_maintenance_page, under_load
from tests.stage.fleet import Fleet, eventually, seconds_until
from tests.stage.operator import CONVERGED, RECOVERED, RunningDeploy, deploy, deploy_to_converged_hosts, run_playbook

APPLIED = "SELECT app, name FROM django_migrations ORDER BY id"
COPIES_SERVER = "amy-local-copies"
PASSWORD = "/{project}/{stage}/database_password"
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


def test_a_migration_that_renames_pauses_requests_and_is_reversed_for_a_rollback(on_v1: Fleet) -> None:
    with under_load(on_v1) as loaded:
        chosen = deploy_to_converged_hosts("v3")
    assert chosen.code == 0, chosen
    assert "Strategy: pause" in chosen.output
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.fetch("/account/login/")[0] == 200
    assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)

    refused = run_playbook("rollback", *CONVERGED)
    assert refused.code != 0
    assert "ledger.0004_clearer_names: RENAMING columns" in refused.output
    # v1 has no such table, whatever its later migrations have done to it.
    assert not refused.says(r"cannot live with:.* tokens\.0002_digests: .*Either reverse")
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
@pytest.mark.parametrize("dies_at", [r"PLAY \[Migrate the database once", r"TASK \[Prove that it serves"])
def test_a_controller_that_dies_in_a_pause_leaves_the_page_and_the_same_command_goes_on(
    on_v1: Fleet, dies_at: str
) -> None:
    with under_load(on_v1) as loaded:
        running = RunningDeploy("v3", *CONVERGED)
        running.wait_for(dies_at)
        running.kill()
        eventually(lambda: on_v1.fetch("/account/login/")[0] == 503, within=60, what="the page is shown")
        again = deploy_to_converged_hosts("v3")
    assert again.code == 0, again
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.fetch("/account/login/")[0] == 200
    assert_only_the_maintenance_page(on_v1, loaded)
    go_back_from_v3(on_v1)


@pytest.mark.thorough
def test_the_same_command_ends_at_once_the_pause_that_a_dead_controller_has_left(on_v1: Fleet) -> None:
    """The database has v3's migrations by then, with which v1 cannot live; the command converges the hosts, too."""
    running = RunningDeploy("v3", *CONVERGED)
    running.wait_for(r"PLAY \[Migrate the database once")
    running.wait_for(r"PLAY \[Put the release on the web hosts, and resume")
    running.kill()
    again = RunningDeploy("v3")
    waited = seconds_until(on_v1.serves_all, within=180, what="visitors are served again")
    with under_load(on_v1) as loaded:
        result = again.finish()
    print(f"visitors were served again {waited:.1f} s after the command")  # noqa: T201 - what the test is read for
    assert result.code == 0, result
    assert result.says("Requests wait there. It is to serve v3-.* at once"), result
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert on_v1.in_rotation()
    assert_nothing_lost(on_v1, loaded)
    go_back_from_v3(on_v1)
    assert waited <= RECOVERED, f"visitors waited {waited:.1f} s for the same command, not {RECOVERED} s at most"


@pytest.mark.thorough
def test_a_release_that_one_of_two_hosts_refuses_in_a_pause_is_served_by_the_other(on_v1: Fleet) -> None:
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


@pytest.fixture
def rehearsal_server(fleet: Fleet) -> Iterator[str]:
    """Give the address of a second RDS instance. Meanwhile the first one lets the application create no database."""
    of_the_stage = fleet.rds.describe_db_instances(DBInstanceIdentifier=fleet.name)["DBInstances"][0]
    password = fleet.ssm.get_parameter(Name=PASSWORD.format(**fleet.stage), WithDecryption=True)["Parameter"]["Value"]
    fleet.rds.create_db_instance(
        DBInstanceIdentifier=COPIES_SERVER,
        Engine="postgres",
        EngineVersion=of_the_stage["EngineVersion"],
        DBInstanceClass=of_the_stage["DBInstanceClass"],
        AllocatedStorage=20,
        DBName=of_the_stage["DBName"],
        MasterUsername=of_the_stage["MasterUsername"],
        MasterUserPassword=password,
        DBSubnetGroupName=of_the_stage["DBSubnetGroup"]["DBSubnetGroupName"],
        VpcSecurityGroupIds=[group["VpcSecurityGroupId"] for group in of_the_stage["VpcSecurityGroups"]],
    )
    may = f"ALTER ROLE {of_the_stage['MasterUsername']} {{}}"
    try:
        eventually(
            lambda: described_server(fleet)["DBInstanceStatus"] == "available",
            within=180,
            what="the second database server is available",
        )
        as_administrator(fleet, may.format("NOCREATEDB"))
        yield described_server(fleet)["Endpoint"]["Address"]
    finally:
        as_administrator(fleet, may.format("CREATEDB"))
        fleet.rds.delete_db_instance(DBInstanceIdentifier=COPIES_SERVER, SkipFinalSnapshot=True)
        assert run_playbook("configure").code == 0


@pytest.mark.thorough
def test_copies_are_made_on_the_server_that_the_stage_names(on_v1: Fleet, rehearsal_server: str) -> None:
    named = ("-e", f"database_backup_rehearsal_host={rehearsal_server}")
    refused = deploy_to_converged_hosts("v3")
    assert "permission denied to create database" in refused.output
    with under_load(on_v1) as loaded:
        chosen = deploy("v3", *named)
    assert chosen.code == 0, chosen
    assert "Strategy: pause" in chosen.output
    assert set(on_v1.active_releases().values()) == {"v3"}
    assert_nothing_lost(on_v1, loaded)
    assert on_v1.query(COPIES) == on_v1.query(COPIES, server=COPIES_SERVER) == []
    drilled = run_playbook("restore_drill", *named)
    assert drilled.code == 0, drilled
    go_back_from_v3(on_v1, *named)

    on_v1.database_server(COPIES_SERVER).stop()
    stopped = deploy("v3", *named)
    assert stopped.code != 0
    assert stopped.says(rf"gets no answer from PostgreSQL at {re.escape(rehearsal_server)}.*Nothing has been touched")
    assert stopped.says("ARGS=.*database_backup_rehearsal_host=")


def described_server(fleet: Fleet) -> Any:
    """Return RDS's description of the second instance."""
    return fleet.rds.describe_db_instances(DBInstanceIdentifier=COPIES_SERVER)["DBInstances"][0]


def as_administrator(fleet: Fleet, statement: str) -> None:
    """Run a statement as the superuser, which RDS gives to no customer."""
    code, output = fleet.database.exec_run(["runuser", "-u", "postgres", "--", "psql", "-c", statement])
    assert code == 0, output.decode()


def go_back_from_v3(on_v1: Fleet, *arguments: str) -> None:
    """Reverse what v3 has migrated, after it was refused without a confirmation, and roll back."""
    run_playbook("maintenance", "-e", "maintenance_mode=on")
    applied = on_v1.query(APPLIED)
    unconfirmed = run_playbook("reverse_migrations", *arguments)
    assert unconfirmed.code != 0
    assert "CONFIRM=local/amy" in unconfirmed.output
    assert "ledger.0004_clearer_names: no row and no value is lost" in unconfirmed.output
    # It cannot be reversed, and need not: v1 does not have the application.
    assert unconfirmed.says("tokens stays: .* does not have its tables; rows of auth_user")
    assert on_v1.query(APPLIED) == applied

    reversed_ = run_playbook("reverse_migrations", "-e", "reversal_confirm=local/amy", *arguments)
    assert reversed_.code == 0, reversed_
    assert {app for app, _ in on_v1.query(APPLIED)} >= {"access", "tokens"}
    back = run_playbook("rollback", *CONVERGED, *arguments)
    assert back.code == 0, back
    run_playbook("maintenance", "-e", "maintenance_mode=off")
    assert len(set(on_v1.active_releases().values())) == 1
    assert "v3" not in on_v1.active_releases().values()
    assert on_v1.fetch("/account/login/")[0] == 200
