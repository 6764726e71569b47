# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage loses the hosts of its queues, and gains them again: what each command refuses, and in which order hosts go.

The tests are one story and are run in this order. What would run on the hosts runs here, beside a Redis of the tests'.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.provision.conftest import WHOLE
from tests.provision.stage import Run, Stage
from tests.provision.test_provision import HOSTS_ARE_THIS_MACHINE, alarms, assert_succeeded, hosts
from tests.servers.redis import ADMIN_PASSWORD, redis_server

# As long again as the first stage, and the roles are the same.
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        any(Path("/etc/supervisor/conf.d").glob("rq*.conf")), reason="this machine runs RQ, and the tests would stop it"
    ),
]

QUEUES = {"web": 2, "worker": 1, "scheduler": 1, "redis": 1}
NO_QUEUES = {"web": 2, "utility": 1}
CHOICES = {"instances_counts": QUEUES, "stage_shares_files": False}
IMAGE = "ami-12c6146b"  # one that moto knows
BUCKET = "amy-local-releases"
BACKUP = {"name": "redis-20260131T120000000000Z-last.rdb", "s3": "s3://amy-local-releases/backups/redis/last.rdb"}


@dataclass(frozen=True)
class Lab:
    """The stage, what its hosts have in common (they are this machine), and the queues."""

    stage: Stage
    site: Path
    programs: Path
    queues: Any
    port: int

    def scale_in(self, counts: dict[str, int], confirm: str = "") -> Run:
        url = f"redis://admin:{ADMIN_PASSWORD}@127.0.0.1:{self.port}/2"
        told = {
            "instances_counts": counts,
            "scale_in_confirm": confirm,
            "site_root": str(self.site),
            "queue_redis_url": url,
        }
        return self.stage.play("scale_in", *HOSTS_ARE_THIS_MACHINE, "-e", json.dumps(told))

    def settings(self, text: str) -> None:
        file = self.site / "repo/.venv/bin/postactivate"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def program(self, name: str, text: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)


def launch(stage: Stage, *names: str) -> None:
    """Start hosts as provisioning does, as far as the inventory sees it."""
    for name in names:
        tags = {"Name": name, "Role": name.rstrip("0123456789"), "Project": "amy", "Stage": "local"}
        stage.client("ec2").run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            ],
        )


@pytest.fixture(scope="module")
def lab(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return the stage with the hosts of its queues, a bucket, and alarms on a host."""
    launch(stage, "web1", "web2", "worker1", "scheduler1", "redis1")
    stage.client("s3").create_bucket(Bucket=BUCKET)
    for name in (*WHOLE["stage_secrets"], "database_host", "load_balancer"):
        stage.client("ssm").put_parameter(Name=f"/amy/local/{name}", Value="x", Type="SecureString")
    stage.client("cloudwatch").put_metric_alarm(
        AlarmName="amy/local/redis1/disk",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="disk",
        Namespace="amy/local",
        Period=60,
        Statistic="Maximum",
        Threshold=1,
    )
    programs = tmp_path_factory.mktemp("programs")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{programs}:{before}"
    with redis_server("--port", str(port), "--bind", "127.0.0.1") as (place, _):
        queues = redis.Redis(unix_socket_path=str(place), username="admin", password=ADMIN_PASSWORD, db=2)
        made = Lab(stage=stage, site=tmp_path_factory.mktemp("site"), programs=programs, queues=queues, port=port)
        made.settings("export APP_SITE_BANNER='local'\n")
        made.program("amy-database", "echo '{}'")
        yield made
    os.environ["PATH"] = before


def refused(run: Run, *said: str) -> None:
    assert run.code == 2, run.output
    text = " ".join(run.output.split())
    for words in said:
        assert words in text, run.output


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (QUEUES | {"redis": 0}, "there is no redis host"),
        ({"web": 2}, "Give utility at least 1"),
        (NO_QUEUES | {"workre": 1}, "no kind of host called workre"),
    ],
)
def test_counts_that_no_stage_can_have_are_refused(lab: Lab, counts: dict[str, int], said: str) -> None:
    lab.stage.forget_calls()
    refused(
        lab.stage.play("provision", "-e", json.dumps({"instances_counts": counts})), said, "Nothing has been created"
    )
    refused(lab.scale_in(counts), said, "Nothing has been removed")
    assert lab.stage.changes() == []


def test_nothing_goes_before_the_host_is_there_that_takes_over(lab: Lab) -> None:
    refused(lab.scale_in(NO_QUEUES, "local/scheduler1,redis1"), "make provision STAGE=local; then make deploy")
    assert sorted(hosts(lab.stage)) == ["redis1", "scheduler1", "web1", "web2", "worker1"]
    launch(lab.stage, "utility1")


def test_a_release_that_needs_redis_keeps_it(lab: Lab) -> None:
    (lab.site / "repo/.venv/bin/postactivate").unlink()
    refused(lab.scale_in(NO_QUEUES), "runs no release", "make deploy STAGE=local")
    address = hosts(lab.stage)["redis1"]["PrivateIpAddress"]
    lab.settings(f"export APP_REDIS_URL='redis://amy:secret@{address}:6379/'\n")
    run = lab.scale_in(NO_QUEUES)
    refused(run, "whose settings lead to one of scheduler1, redis1", "make deploy STAGE=local")
    assert "secret" not in run.output
    # Another host's address, of which it is the beginning.
    lab.settings(f"export APP_OTHER='http://{address}1/'\n")


def test_nothing_goes_before_the_backups_are_made_elsewhere(lab: Lab) -> None:
    lab.program("amy-database", "echo 'There is no backup in /here' >&2; exit 1")
    refused(lab.scale_in(NO_QUEUES), "utility1 is to keep the backups", "make backup STAGE=local")
    lab.program("amy-database", "echo '{}'")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("rpush", "rq:queue:default", "mail-1"), "queue default: 1 queued (mail-1)"),
        (("zadd", "rq:scheduler:scheduled_jobs", {"mail-2": 4e9}), "rq-scheduler: 1 scheduled (mail-2)"),
        (("zadd", "rq:deferred:default", {"mail-3": 1}), "queue default: 1 deferred (mail-3)"),
        (("zadd", "rq:scheduled:default", {"mail-4": 4e9}), "queue default: 1 scheduled (mail-4)"),
    ],
)
def test_a_job_that_waits_keeps_the_queues(lab: Lab, command: tuple[Any, ...], named: str) -> None:
    getattr(lab.queues, command[0])(*command[1:])
    try:
        refused(lab.scale_in(NO_QUEUES, "local/scheduler1,redis1"), named, "make jobs MODE=aside JOBS=all STAGE=local")
    finally:
        lab.queues.delete(command[1])


def test_a_job_of_a_queue_that_the_stage_does_not_name_keeps_the_queues(lab: Lab) -> None:
    lab.queues.sadd("rq:queues", "rq:queue:slow")
    lab.queues.rpush("rq:queue:slow", "mail-5")
    try:
        refused(lab.scale_in(NO_QUEUES, "local/scheduler1,redis1"), "queue slow: 1 queued (mail-5)")
    finally:
        lab.queues.delete("rq:queue:slow")


def test_what_holds_data_goes_only_if_it_was_typed(lab: Lab) -> None:
    lab.queues.zadd("rq:failed:default", {"bad": 1})
    lab.stage.forget_calls()
    for word in ("", "local/redis1"):
        refused(
            lab.scale_in(NO_QUEUES, word),
            "This removes worker1, scheduler1, redis1 of stage local for good",
            "redis1 holds the queues and their backups",
            "queue default: 1 failed (bad)",
            "make scale-in STAGE=local CONFIRM=local/scheduler1,redis1",
        )
    assert lab.stage.changes() == []


def test_redis_stays_without_a_last_backup_and_the_same_command_goes_on(lab: Lab) -> None:
    lab.program("amy-redis", "echo 'the disk is full' >&2; exit 1")
    run = lab.scale_in(NO_QUEUES, "local/scheduler1,redis1")
    refused(run, "There is no last backup of Redis: the disk is full")
    assert sorted(hosts(lab.stage)) == ["redis1", "scheduler1", "utility1", "web1", "web2"]
    lab.program("amy-redis", f"echo '{json.dumps(BACKUP)}'")
    run = lab.scale_in(NO_QUEUES, "local/scheduler1,redis1")
    assert_succeeded(run)
    assert BACKUP["s3"] in run.output
    assert sorted(hosts(lab.stage)) == ["utility1", "web1", "web2"]
    assert not [name for name in alarms(lab.stage) if name.startswith("amy/local/redis1/")]
    # The queues were resumed, and the stage unlocked.
    assert not lab.queues.exists("rq:suspended", "rq:scheduler_lock")
    assert lab.stage.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="locks/")["KeyCount"] == 0


def test_a_deploy_names_the_setting_that_needs_what_is_gone(lab: Lab) -> None:
    secrets = {"APP_REDIS_URL": "redis://{{ hostvars[groups.redis[0]].ansible_host }}/", "APP_SECRET_KEY": "x"}
    told = {"instances_counts": NO_QUEUES, "release_secrets": secrets}
    run = lab.stage.play("deploy", *HOSTS_ARE_THIS_MACHINE, "-e", json.dumps(told))
    refused(
        run, "APP_REDIS_URL needs a host, or another value, that the stage does not have", "Nothing has been touched"
    )
    assert "secrets.yml" in run.output


def test_the_queues_come_back(lab: Lab) -> None:
    launch(lab.stage, "worker1", "scheduler1", "redis1")
    refused(lab.scale_in(QUEUES), "utility1 holds backups of the database", "CONFIRM=local/utility1")
    assert_succeeded(lab.scale_in(QUEUES, "local/utility1"))
    assert sorted(hosts(lab.stage)) == ["redis1", "scheduler1", "web1", "web2", "worker1"]


def test_provisioning_makes_the_new_host_beside_the_old_ones_and_removes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stage = Stage(tmp_path_factory.mktemp("provisioned"), {**WHOLE, **CHOICES})

    def provision(counts: dict[str, int]) -> Run:
        return stage.play("provision", "-e", json.dumps({"instances_counts": counts}))

    def profiles() -> set[str]:
        found = stage.client("iam").list_instance_profiles()["InstanceProfiles"]
        return {profile["InstanceProfileName"].removeprefix("amy-local-") for profile in found}

    try:
        refused(provision(QUEUES | {"redis": 0}), "there is no redis host")
        assert_succeeded(provision(QUEUES))
        run = provision(NO_QUEUES | {"worker": 0})
        assert_succeeded(run)
        assert sorted(hosts(stage)) == ["redis1", "scheduler1", "utility1", "web1", "web2", "worker1"]
        assert "it holds the queues and their backups, so scale-in removes it only with a confirmation" in run.output
        again = provision(NO_QUEUES)
        assert (again.code, again.changed) == (0, []), again.output
        # A host that still runs is watched as a host, and keeps its rights; the queues are about to go.
        assert "amy/local/redis1/disk" in alarms(stage)
        assert "amy/local/redis-backup" not in alarms(stage)
        assert profiles() == {"web", "worker", "scheduler", "redis", "utility"}
        leaving = ("worker1", "scheduler1", "redis1")
        gone = [host["InstanceId"] for name, host in hosts(stage).items() if name in leaving]
        stage.client("ec2").terminate_instances(InstanceIds=gone)
        assert_succeeded(provision(NO_QUEUES))
        assert profiles() == {"web", "utility"}
    finally:
        stage.end()
