# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage's life in the answers of an API: a dry run, the first run, changes by hand, another host, and the end.

The tests are one story and are run in this order.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.provision.conftest import PROFILED_ROLES
from tests.provision.stage import Run, Stage

ALL_OF_THE_STAGE = [{"Name": "tag:Stage", "Values": ["local"]}]

# One of Canonical's, which moto knows.
UBUNTU_IMAGE = "ami-785db401"

# The hosts exist in the API's answers only: what would run on them runs here, where no nginx has a request in flight.
HOSTS_ARE_THIS_MACHINE = (
    "-e",
    json.dumps(
        {
            "ansible_connection": "local",
            "ansible_become": False,
            "nginx_status_port": 1,
            "ansible_python_interpreter": sys.executable,
        }
    ),
)


def assert_succeeded(run: Run) -> None:
    assert run.code == 0, run.output


def group(stage: Stage, name: str) -> dict[str, Any]:
    condition = [{"Name": "group-name", "Values": [f"amy-local-{name}"]}]
    found: dict[str, Any] = stage.client("ec2").describe_security_groups(Filters=condition)["SecurityGroups"][0]
    return found


def ports_open_to_the_world(found: dict[str, Any]) -> set[int]:
    return {
        rule["FromPort"]
        for rule in found["IpPermissions"]
        if any(block["CidrIp"] == "0.0.0.0/0" for block in rule["IpRanges"])
    }


def addresses_admitted(found: dict[str, Any]) -> set[str]:
    return {block["CidrIp"] for rule in found["IpPermissions"] for block in rule["IpRanges"]}


def hosts(stage: Stage) -> dict[str, dict[str, Any]]:
    """The living instances by name."""
    condition = [*ALL_OF_THE_STAGE, {"Name": "instance-state-name", "Values": ["pending", "running"]}]
    found = stage.client("ec2").describe_instances(Filters=condition)["Reservations"]
    return {
        next(tag["Value"] for tag in instance["Tags"] if tag["Key"] == "Name"): instance
        for reservation in found
        for instance in reservation["Instances"]
    }


def alarms(stage: Stage) -> dict[str, dict[str, Any]]:
    """The alarms by name."""
    found = stage.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found}


def test_a_dry_run_of_a_new_stage_says_what_it_would_do_and_touches_nothing(stage: Stage) -> None:
    run = stage.play("provision", "--check", "--diff")
    assert_succeeded(run)
    assert len(run.changed) > 5
    size = "t3.small, 20 GiB gp3, encrypted, of /aws/service/debian/release"
    assert f"instance web1: will be created ({size}/12/latest/amd64)" in run.output
    assert f"instance web2: will be created ({size}/13/latest/amd64)" in run.output
    assert "file system amy-local: will be created (EFS, encrypted, backed up every day)" in run.output
    assert stage.changes() == []


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"load_balancer_deregistration_delay": 20}, "load_balancer_deregistration_delay (20 s) must not be below"),
        ({"monitoring_thresholds": {"dsik": 90}}, "There is no alarm dsik to give a threshold to"),
        ({"instances_images": {"web": "ami-0123456789abcdef0"}}, "There is no machine image ami-0123456789abcdef0"),
        ({"instances_type": "t4g.small"}, "worker: t4g.small is arm64, and /aws/service/debian/release/12/"),
    ],
)
def test_what_a_role_of_the_end_does_not_take_is_refused_before_anything_is_touched(
    stage: Stage, choices: dict[str, Any], said: str
) -> None:
    stage.forget_calls()
    run = stage.play("provision", "-e", json.dumps(choices))
    assert run.code == 2
    assert said in " ".join(run.output.split())
    assert stage.changes() == []


def test_the_first_run_creates_the_hosts_each_of_its_own_image(stage: Stage) -> None:
    run = stage.play("provision")
    assert_succeeded(run)
    found = {name: host["ImageId"] for name, host in hosts(stage).items()}
    old, new = "ami-0debian12000000000", "ami-0debian13000000000"
    assert found == {"redis1": old, "scheduler1": old, "web1": old, "web2": new, "worker1": old}


def test_a_host_that_leaves_may_take_as_long_as_the_longest_request(stage: Stage) -> None:
    elb = stage.client("elbv2")
    (target_group,) = elb.describe_target_groups()["TargetGroups"]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=target_group["TargetGroupArn"])["Attributes"]
    delay = next(entry for entry in attributes if entry["Key"] == "deregistration_delay.timeout_seconds")
    assert delay["Value"] == "60"


def test_a_secret_that_only_an_operator_knows_is_awaited_and_never_overwritten(stage: Stage) -> None:
    name = "/amy/local/mailgun_api_key"
    parameters = stage.client("ssm")
    first = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (first["Type"], first["Value"]) == ("SecureString", "to-be-set-by-an-operator")


def test_the_world_reaches_the_load_balancer_only(stage: Stage) -> None:
    assert ports_open_to_the_world(group(stage, "load-balancer")) == {80, 443}
    for name in ("ssh", "application", "web", "redis", "database", "shared-files"):
        assert ports_open_to_the_world(group(stage, name)) == set()


@pytest.mark.parametrize(
    ("name", "admitted", "ports"),
    [
        ("web", "load-balancer", {80, 8081}),
        ("redis", "application", {6379}),
        ("database", "application", {5432}),
        ("shared-files", "application", {2049}),
    ],
)
def test_a_group_admits_one_other(stage: Stage, name: str, admitted: str, ports: set[int]) -> None:
    rules = group(stage, name)["IpPermissions"]
    sources = {pair["GroupId"] for rule in rules for pair in rule["UserIdGroupPairs"]}
    assert sources == {group(stage, admitted)["GroupId"]}
    assert {rule["FromPort"] for rule in rules} == ports


@pytest.mark.parametrize("name", ["redis", "database"])
def test_the_old_server_reaches_what_holds_data(stage: Stage, name: str) -> None:
    assert addresses_admitted(group(stage, name)) == {"10.77.0.50/32"}


def test_hosts_carry_the_profile_of_their_role_and_ask_for_a_token(stage: Stage) -> None:
    for name, instance in hosts(stage).items():
        role = name.rstrip("0123456789")
        if role in PROFILED_ROLES:
            assert instance["IamInstanceProfile"]["Arn"].endswith(f"/amy-local-{role}")
        assert instance["MetadataOptions"]["HttpTokens"] == "required"


def test_only_the_backup_hosts_reach_the_bucket(stage: Stage) -> None:
    iam = stage.client("iam")
    policies = {
        role: json.dumps(iam.get_role_policy(RoleName=f"amy-local-{role}", PolicyName="hosts")["PolicyDocument"])
        for role in PROFILED_ROLES
    }
    assert [role for role, policy in policies.items() if "s3:" in policy] == ["scheduler"]
    # The application's own rights, where the stage has said.
    assert [role for role, policy in policies.items() if "ses:SendEmail" in policy] == ["web"]


def test_the_bucket_is_closed_versioned_and_lets_old_things_expire(stage: Stage) -> None:
    s3, bucket = stage.client("s3"), "amy-local-releases"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert {statement["Sid"] for statement in policy["Statement"]} == {"RefusePlainHttp", "HostsRemoveNothing"}
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in rules} == {"what-was-replaced", "backups"}


def test_what_is_uploaded_has_a_file_system_that_both_zones_reach(stage: Stage) -> None:
    efs = stage.client("efs")
    (found,) = efs.describe_file_systems()["FileSystems"]
    assert (found["Name"], found["Encrypted"]) == ("amy-local", True)
    assert efs.describe_backup_policy(FileSystemId=found["FileSystemId"])["BackupPolicy"]["Status"] == "ENABLED"
    targets = efs.describe_mount_targets(FileSystemId=found["FileSystemId"])["MountTargets"]
    assert {target["AvailabilityZoneName"] for target in targets} == {"us-east-1a", "us-east-1b"}
    admitting = [efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"]) for target in targets]
    assert [answer["SecurityGroups"] for answer in admitting] == [[group(stage, "shared-files")["GroupId"]]] * 2
    fact = stage.client("ssm").get_parameter(Name="/amy/local/shared_files")["Parameter"]["Value"]
    assert fact == f"{found['FileSystemId']}.efs.us-east-1.amazonaws.com:/"


def test_the_domain_leads_to_the_load_balancer_for_every_kind_of_address(stage: Stage) -> None:
    assert set(stage.aliases("amy.carpentries.test")) == {"A", "AAAA"}


def test_everything_is_watched_and_the_operators_are_told(stage: Stage) -> None:
    found = alarms(stage)
    assert {name for name in found if name.endswith("/disk")} == {f"amy/local/{host}/disk" for host in hosts(stage)}
    assert {
        f"amy/local/{key}" for key in ("errors", "unhealthy-hosts", "queue-age", "database-storage", "certificate")
    } <= set(found)
    topic = stage.client("sns").list_subscriptions()["Subscriptions"][0]
    assert (topic["Protocol"], topic["Endpoint"]) == ("email", "operators@carpentries.test")
    assert {action for alarm in found.values() for action in alarm["AlarmActions"]} == {topic["TopicArn"]}


def test_an_alarm_is_about_the_resources_that_there_are(stage: Stage) -> None:
    elb = stage.client("elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    group_arn = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    dimensions = {given["Name"]: given["Value"] for given in alarms(stage)["amy/local/unhealthy-hosts"]["Dimensions"]}
    assert balancer.endswith(f":loadbalancer/{dimensions['LoadBalancer']}")
    assert group_arn.endswith(f":{dimensions['TargetGroup']}")
    host = alarms(stage)["amy/local/web1/memory"]["Dimensions"]
    assert host == [{"Name": "InstanceId", "Value": hosts(stage)["web1"]["InstanceId"]}]


def test_deploys_are_counted_for_the_dashboard(stage: Stage) -> None:
    counted = stage.client("logs").describe_metric_filters(logGroupName="/amy/local")["metricFilters"]
    assert [made["metricTransformations"][0]["metricName"] for made in counted] == ["ReleaseActivations"]
    assert "ReleaseActivations" in stage.client("cloudwatch").get_dashboard(DashboardName="amy-local")["DashboardBody"]


@pytest.fixture(scope="module")
def changed_by_hand(stage: Stage) -> Stage:
    """Return the stage after an operator changed it at the console."""
    opened = {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    redis = group(stage, "redis")["GroupId"]
    stage.client("ec2").authorize_security_group_ingress(GroupId=redis, IpPermissions=[opened])
    stage.client("cloudwatch").delete_alarms(AlarmNames=["amy/local/latency"])
    (shared,) = stage.client("efs").describe_file_systems()["FileSystems"]
    policies = [{"TransitionToIA": "AFTER_7_DAYS"}]
    stage.client("efs").put_lifecycle_configuration(FileSystemId=shared["FileSystemId"], LifecyclePolicies=policies)
    stage.client("cloudwatch").put_dashboard(DashboardName="amy-local", DashboardBody='{"widgets": []}')
    stage.forget_calls()
    return stage


def test_what_was_changed_by_hand_is_shown_by_a_dry_run_which_changes_nothing(changed_by_hand: Stage) -> None:
    stage = changed_by_hand
    run = stage.play("provision", "--check", "--diff")
    assert_succeeded(run)
    assert run.changed == [
        "Create the security groups",
        "Create the file system",
        "Create the alarms",
        "Create the dashboard",
    ]
    lines = run.output.splitlines()
    assert any(line.startswith("-") and line.endswith("cidr_ip: 0.0.0.0/0") for line in lines), run.output
    assert any(line.startswith("+") and "amy/local/latency" in line for line in lines), run.output
    assert any(line.startswith("-") and line.endswith("unused_days: 7") for line in lines), run.output
    assert stage.changes() == []
    assert ports_open_to_the_world(group(stage, "redis")) == {6379}


@pytest.mark.thorough
def test_a_third_web_host_comes_and_what_was_changed_by_hand_is_put_right_and_nothing_else(
    changed_by_hand: Stage,
) -> None:
    stage = changed_by_hand
    changes = {
        "instances_counts": {"web": 3, "worker": 1, "scheduler": 1, "redis": 1},
        # An instance that is there keeps its image, whatever is chosen later.
        "instances_images": {"web3": UBUNTU_IMAGE},
        "network_old_server_cidr": "",
    }
    run = stage.play("provision", "-e", json.dumps(changes))
    assert_succeeded(run)
    assert run.changed == [
        "Create the security groups",
        "Create the instances",
        "Create the file system",
        "Create the alarms",
        "Create the dashboard",
    ]
    assert sorted(hosts(stage)) == ["redis1", "scheduler1", "web1", "web2", "web3", "worker1"]
    assert hosts(stage)["web2"]["ImageId"] == "ami-0debian13000000000"
    # Its image names the root otherwise than Debian's does, and there is no other volume.
    (volume,) = hosts(stage)["web3"]["BlockDeviceMappings"]
    assert volume["DeviceName"] == hosts(stage)["web3"]["RootDeviceName"] == "/dev/sda1"
    assert ports_open_to_the_world(group(stage, "redis")) == set()
    assert {"amy/local/latency", "amy/local/web3/disk"} <= set(alarms(stage))
    # The old server was retired meanwhile.
    assert addresses_admitted(group(stage, "redis")) | addresses_admitted(group(stage, "database")) == set()


def test_hosts_beyond_the_counts_are_named_drained_and_terminated(stage: Stage) -> None:
    elb = stage.client("elbv2")
    target_group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(
        TargetGroupArn=target_group,
        Targets=[{"Id": host["InstanceId"]} for name, host in hosts(stage).items() if name.startswith("web")],
    )
    counts = {"web": 1, "worker": 1, "scheduler": 1, "redis": 1}
    run = stage.play("scale_in", *HOSTS_ARE_THIS_MACHINE, "-e", json.dumps({"instances_counts": counts}))
    assert_succeeded(run)
    assert sorted(hosts(stage)) == ["redis1", "scheduler1", "web1", "worker1"]
    left = elb.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    assert [target["Target"]["Id"] for target in left] == [hosts(stage)["web1"]["InstanceId"]]
    assert not [name for name in alarms(stage) if name.startswith("amy/local/web2/")]
    assert "amy/local/web1/disk" in alarms(stage)


def test_hosts_that_hold_data_are_not_scaled_in(stage: Stage) -> None:
    counts = {"web": 2, "worker": 1, "scheduler": 1, "redis": 0}
    run = stage.play("scale_in", "-e", json.dumps({"instances_counts": counts}))
    assert run.code == 2
    said = " ".join(run.output.split())
    assert "there is no redis host" in said
    assert "Nothing has been removed" in said
    assert "redis1" in hosts(stage)


def test_a_stage_is_not_removed_unless_its_name_was_typed(stage: Stage) -> None:
    stage.forget_calls()
    run = stage.play("deprovision", "-e", "deprovision_confirm=production")
    assert run.code == 2
    assert "-e deprovision_confirm=local" in run.output
    assert stage.changes() == []


def test_a_removed_stage_leaves_a_snapshot_and_the_bucket_with_content(stage: Stage) -> None:
    stage.client("s3").put_object(Bucket="amy-local-releases", Key="backups/amy.dump", Body=b"rows")
    run = stage.play("deprovision", "-e", "deprovision_confirm=local")
    assert_succeeded(run)
    assert hosts(stage) == {}
    snapshots = stage.client("rds").describe_db_snapshots()["DBSnapshots"]
    assert [found["DBSnapshotIdentifier"].startswith("amy-local-final-") for found in snapshots] == [True]
    assert stage.client("s3").get_object(Bucket="amy-local-releases", Key="backups/amy.dump")["Body"].read() == b"rows"
    assert "bucket amy-local-releases, which has content" in " ".join(run.output.split())
    (left,) = stage.client("efs").describe_file_systems()["FileSystems"]
    assert left["NumberOfMountTargets"] == 0
    assert f"file system {left['FileSystemId']} with what was uploaded" in " ".join(run.output.split())
    assert stage.client("ec2").describe_vpcs(Filters=ALL_OF_THE_STAGE)["Vpcs"] == []
    assert stage.aliases("amy.carpentries.test") == {}
    assert alarms(stage) == {}
    assert stage.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert stage.client("sns").list_topics()["Topics"] == []
