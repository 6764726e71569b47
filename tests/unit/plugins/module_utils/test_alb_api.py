# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from plugins.module_utils._alb_api import TargetGroupApi, others_of
from plugins.module_utils._alb_plan import Target, TargetHealth
from plugins.module_utils._aws_client import AwsError, client, translated

CONNECTION = {"endpoint_url": None, "region": "us-east-1"}
# What the load balancer is told of its checks.
CHECKED = {"HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 2}


@pytest.fixture
def group_arn(aws: Callable[[str], Any]) -> str:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    elbv2 = aws("elbv2")
    group = elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    return str(group["TargetGroups"][0]["TargetGroupArn"])


@pytest.fixture
def instance(aws: Callable[[str], Any]) -> str:
    ec2 = aws("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    return str(ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


def api(name_or_arn: str) -> TargetGroupApi:
    return TargetGroupApi(client=client(service="elbv2", parameters=CONNECTION), name_or_arn=name_or_arn)


def test_a_group_is_found_by_name_and_by_arn(group_arn: str) -> None:
    assert api("web").group == api(group_arn).group
    assert api("web").group.port == 80
    # By default AWS asks every 30 s, waits 5 s for an answer, and wants five that are good.
    assert api("web").group.recovery == 5 + 6 * 30


@pytest.mark.usefixtures("aws")
def test_a_missing_group_tells_how_to_create_it() -> None:
    with pytest.raises(AwsError, match=r"Cannot find target group webb.*make provision") as caught:
        api("webb")
    assert caught.value.code == "TargetGroupNotFound"


def test_a_target_joins_and_leaves(group_arn: str, instance: str) -> None:
    balancer, target = api("web"), Target(id=instance, port=80)
    assert not balancer.health_of(target).registered
    balancer.register(target)
    assert balancer.health_of(target).registered
    assert [health.target for health in balancer.health()] == [target]
    balancer.deregister(target)
    assert not balancer.health_of(target).registered


def test_a_stopped_instance_is_explained(group_arn: str, instance: str) -> None:
    boto3.client("ec2", region_name="us-east-1").stop_instances(InstanceIds=[instance])
    with pytest.raises(AwsError, match=rf"Cannot register {instance}:80 .*Is the instance running\?"):
        api("web").register(Target(id=instance, port=80))


def test_the_reason_and_every_draining_target_are_read() -> None:
    elbv2 = boto3.client("elbv2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    draining: dict[str, Any] = {"State": "draining", "Reason": "Target.DeregistrationInProgress", "Description": "d"}
    with Stubber(elbv2) as stub:
        group = {"TargetGroupArn": "arn:web", "TargetGroupName": "web", "Port": 80, **CHECKED}
        stub.add_response("describe_target_groups", {"TargetGroups": [group]}, {"Names": ["web"]})
        answer = {"TargetHealthDescriptions": [{"Target": {"Id": "i-1", "Port": 8080}, "TargetHealth": draining}]}
        stub.add_response("describe_target_health", answer, {"TargetGroupArn": "arn:web"})
        found = TargetGroupApi(client=elbv2, name_or_arn="web").health()
    assert found == [TargetHealth(Target("i-1", 8080), "draining", "Target.DeregistrationInProgress", "d")]


def test_another_port_of_the_same_instance_is_no_sibling() -> None:
    group = [
        TargetHealth(Target(id=id_, port=port), "healthy") for id_, port in [("i-1", 80), ("i-1", 81), ("i-2", 80)]
    ]
    assert [health.target.id for health in others_of(Target("i-1", 80), group)] == ["i-2"]


def test_missing_credentials_tell_how_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    # The session that boto3 keeps for the process remembers what a test before this one had.
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    with pytest.raises(AwsError, match="aws sts get-caller-identity"), translated(doing="look"):
        client(service="elbv2", parameters=CONNECTION).describe_target_groups()


def test_an_unreachable_endpoint_hints_at_the_local_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    nowhere = boto3.client("elbv2", region_name="us-east-1", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(AwsError, match="make local"):
        TargetGroupApi(client=nowhere, name_or_arn="web")
