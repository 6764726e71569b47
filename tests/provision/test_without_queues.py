# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage of an application without background jobs: its hosts, what they may do, and what a deploy asks of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.another_application import APPLICATION
from lab.sample_application.build_repository import build_repository
from tests.provision.stage import Stage
from tests.provision.test_provision import HOSTS_ARE_THIS_MACHINE, assert_succeeded

# As long again as the stage with queues, and the roles are the same.
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a stage that has been provisioned."""
    directory = tmp_path_factory.mktemp("another")
    made = Stage(directory, {"stage_hosts_have_credentials": True}, name="another")
    build_repository(application=APPLICATION, destination=directory / ".local/another_application")
    assert_succeeded(made.play("provision"))
    yield made
    made.end()


def test_it_has_a_utility_host_and_no_other_without_visitors(stage: Stage) -> None:
    reservations = stage.client("ec2").describe_instances()["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    tags = [{tag["Key"]: tag["Value"] for tag in instance["Tags"]} for instance in instances]
    assert sorted(tag["Name"] for tag in tags) == ["utility1", "web1", "web2"]
    profiles = stage.client("iam").list_instance_profiles()["InstanceProfiles"]
    assert sorted(profile["InstanceProfileName"] for profile in profiles) == [
        "portal-another-utility",
        "portal-another-web",
    ]


def test_the_second_run_changes_nothing(stage: Stage) -> None:
    again = stage.play("provision")
    assert_succeeded(again)
    assert again.changed == [], again.output


def test_a_deploy_lacks_nothing_until_it_needs_the_database(stage: Stage) -> None:
    run = stage.play("deploy", *HOSTS_ARE_THIS_MACHINE)
    assert run.code != 0
    assert "gets no answer from PostgreSQL" in run.output
    assert "gets no answer from Redis" not in run.output


def test_its_status_speaks_of_no_queues(stage: Stage) -> None:
    run = stage.play("status", *HOSTS_ARE_THIS_MACHINE)
    assert "utility1 runs no release" in " ".join(run.output.split())
    assert "queues: " not in run.output
    assert "Redis" not in run.output.partition("Say what runs where")[2]
