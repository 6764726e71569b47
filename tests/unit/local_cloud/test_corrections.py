# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault of moto that an Ansible module stumbles over, seen through boto3 as the module sees it."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.acm.models import AWS_ROOT_CA

from lab.local_cloud.corrections.elbv2 import LOAD_BALANCER_ATTRIBUTES, TARGET_GROUP_ATTRIBUTES

Aws = Callable[[str], Any]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def balancer(aws: Aws) -> tuple[str, str]:
    """Return the ARNs of a load balancer and a target group of IP addresses."""
    ec2, elb = aws("ec2"), aws("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    arn = elb.create_load_balancer(Name="main", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    return arn, group["TargetGroups"][0]["TargetGroupArn"]


def test_a_load_balancer_lists_every_attribute(aws: Aws) -> None:
    arn, _ = balancer(aws)
    listed = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert {attribute["Key"] for attribute in listed} >= set(LOAD_BALANCER_ATTRIBUTES)


def test_a_target_group_lists_its_stickiness(aws: Aws) -> None:
    _, group = balancer(aws)
    listed = aws("elbv2").describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {attribute["Key"] for attribute in listed} >= set(TARGET_GROUP_ATTRIBUTES)


def test_targets_differ_by_port(aws: Aws) -> None:
    _, group = balancer(aws)
    elb = aws("elbv2")

    def ports() -> set[int]:
        answers = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {answer["Target"]["Port"] for answer in answers}

    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}, {"Id": "10.0.0.1", "Port": 81}])
    assert ports() == {80, 81}
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1", "Port": 81}])
    assert ports() == {80}


def test_a_target_that_is_not_registered_may_be_deregistered(aws: Aws) -> None:
    _, group = balancer(aws)
    answer = aws("elbv2").deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.9"}])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_default_rules_arn_depends_on_its_listener_only(aws: Aws) -> None:
    arn, group = balancer(aws)
    elb = aws("elbv2")
    action = [{"Type": "forward", "TargetGroupArn": group}]
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=action)
    listener_arn = listener["Listeners"][0]["ListenerArn"]
    rule = elb.describe_rules(ListenerArn=listener_arn)["Rules"][0]["RuleArn"]
    assert len(rule.rpartition("/")[2]) == 16  # moto's own is a memory address, of another length each time


def test_the_tags_of_a_nat_gateway_are_found_by_awss_name(aws: Aws) -> None:
    ec2 = aws("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.create_tags(Resources=[gateway], Tags=[{"Key": "Name", "Value": "way"}])
    filters = [
        {"Name": "resource-id", "Values": [gateway]},
        {"Name": "resource-type", "Values": ["natgateway"]},
    ]
    tags = ec2.describe_tags(Filters=filters)["Tags"]
    assert [(tag["Key"], tag["Value"], tag["ResourceType"]) for tag in tags] == [("Name", "way", "natgateway")]


def test_a_volume_says_whether_multi_attach_is_enabled(aws: Aws) -> None:
    ec2 = aws("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["MultiAttachEnabled"] is False


def test_an_unknown_parameter_group_is_an_error(aws: Aws) -> None:
    with pytest.raises(ClientError) as error:
        aws("rds").describe_db_parameter_groups(DBParameterGroupName="unknown")
    assert code(error) == "DBParameterGroupNotFound"


def test_gp3_storage_has_its_baseline_and_the_instance_a_version_and_a_subnet_group(aws: Aws) -> None:
    rds = aws("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        EngineVersion="15",
        DBInstanceClass="db.t4g.micro",
        MasterUsername="amy",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
        StorageType="gp3",
    )
    instance = rds.describe_db_instances()["DBInstances"][0]
    assert (instance["Iops"], instance["StorageThroughput"]) == (3000, 125)
    assert re.fullmatch(r"15\.\d+", instance["EngineVersion"])
    assert instance["DBSubnetGroup"]["DBSubnetGroupName"] == "default"


def test_a_policy_that_denies_without_tls_does_not_deny_everything(aws: Aws) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="artifacts")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"],
    }
    secure = {**statement, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="artifacts", Policy=json.dumps({"Version": "2012-10-17", "Statement": [secure]}))
    s3.put_object(Bucket="artifacts", Key="a", Body=b"a")
    s3.put_bucket_policy(Bucket="artifacts", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="artifacts", Key="a", Body=b"a")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_object_is_created_once(aws: Aws) -> None:
    """No correction: the deploy lock relies on it."""
    s3 = aws("s3")
    s3.create_bucket(Bucket="locks")
    s3.put_object(Bucket="locks", Key="deploy", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="locks", Key="deploy", Body=b"second", IfNoneMatch="*")
    assert code(error) == "PreconditionFailed"
    assert s3.get_object(Bucket="locks", Key="deploy")["Body"].read() == b"first"


def test_the_collection_of_metrics_can_be_ended(aws: Aws) -> None:
    autoscaling = aws("autoscaling")
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId="ami-1", InstanceType="t3.micro")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["us-east-1a"],
    )
    metrics = ["GroupMinSize", "GroupMaxSize"]
    autoscaling.enable_metrics_collection(AutoScalingGroupName="web", Granularity="1Minute", Metrics=metrics)

    def collected() -> list[str]:
        group = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
        return [metric["Metric"] for metric in group["EnabledMetrics"]]

    autoscaling.disable_metrics_collection(AutoScalingGroupName="web", Metrics=["GroupMaxSize"])
    assert collected() == ["GroupMinSize"]
    autoscaling.disable_metrics_collection(AutoScalingGroupName="web")
    assert collected() == []


def test_an_unknown_backup_vault_is_access_denied(aws: Aws) -> None:
    with pytest.raises(ClientError) as error:
        aws("backup").describe_backup_vault(BackupVaultName="unknown")
    assert code(error) == "AccessDeniedException"


def test_a_table_has_an_id(aws: Aws) -> None:
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ids = {dynamodb.describe_table(TableName="locks")["Table"]["TableId"] for _ in range(2)}
    assert len(ids) == 1


def self_signed() -> tuple[bytes, bytes]:
    """Return a certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "amy.example.org")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def test_an_imported_chain_comes_back_as_it_was(aws: Aws) -> None:
    acm = aws("acm")
    certificate, key = self_signed()
    arn = acm.import_certificate(Certificate=certificate, PrivateKey=key, CertificateChain=certificate)
    chain = acm.get_certificate(CertificateArn=arn["CertificateArn"])["CertificateChain"]
    assert chain.strip() == certificate.decode().strip()
    assert AWS_ROOT_CA.decode() not in chain


class TestValidation:
    """A requested certificate, from PENDING_VALIDATION to ISSUED."""

    domain = "amy.example.org"

    def request(self, aws: Aws, *alternatives: str) -> str:
        names = {"SubjectAlternativeNames": [self.domain, *alternatives]} if alternatives else {}
        answer = aws("acm").request_certificate(DomainName=self.domain, ValidationMethod="DNS", **names)
        return str(answer["CertificateArn"])

    def status(self, aws: Aws, arn: str) -> str:
        return str(aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"])

    def records(self, aws: Aws, arn: str) -> list[dict[str, str]]:
        options = aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        return [option["ResourceRecord"] for option in options]

    def zone(self, aws: Aws) -> str:
        zone = aws("route53").create_hosted_zone(Name="example.org", CallerReference="1")
        return str(zone["HostedZone"]["Id"])

    def change(self, aws: Aws, zone: str, action: str, record: dict[str, str], value: str | None = None) -> None:
        entry = {
            "Name": record["Name"],
            "Type": "CNAME",
            "TTL": 60,
            "ResourceRecords": [{"Value": value or record["Value"]}],
        }
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": entry}]}
        aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    def test_time_alone_does_not_issue(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 0)
        assert self.status(aws, self.request(aws)) == "PENDING_VALIDATION"

    def test_the_record_issues_and_its_end_does_not_revoke(self, aws: Aws) -> None:
        arn = self.request(aws)
        zone, (record,) = self.zone(aws), self.records(aws, arn)
        self.change(aws, zone, "CREATE", record)
        assert self.status(aws, arn) == "ISSUED"
        self.change(aws, zone, "DELETE", record)
        assert self.status(aws, arn) == "ISSUED"

    def test_a_record_with_another_value_does_not_issue(self, aws: Aws) -> None:
        arn = self.request(aws)
        self.change(aws, self.zone(aws), "CREATE", self.records(aws, arn)[0], value="elsewhere.example.org.")
        assert self.status(aws, arn) == "PENDING_VALIDATION"

    def test_every_name_needs_its_record(self, aws: Aws) -> None:
        arn = self.request(aws, "www.example.org")
        zone, records = self.zone(aws), self.records(aws, arn)
        self.change(aws, zone, "CREATE", records[0])
        assert self.status(aws, arn) == "PENDING_VALIDATION"
        self.change(aws, zone, "CREATE", records[1])
        assert self.status(aws, arn) == "ISSUED"

    def test_a_listener_takes_issued_certificates_only(self, aws: Aws) -> None:
        certificate, (arn, group) = self.request(aws), balancer(aws)
        listener = {
            "LoadBalancerArn": arn,
            "Protocol": "HTTPS",
            "Port": 443,
            "Certificates": [{"CertificateArn": certificate}],
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        }
        with pytest.raises(ClientError) as error:
            aws("elbv2").create_listener(**listener)
        assert code(error) == "UnsupportedCertificate"
        self.change(aws, self.zone(aws), "CREATE", self.records(aws, certificate)[0])
        assert aws("elbv2").create_listener(**listener)["Listeners"]


def test_an_instance_may_be_terminated_again(aws: Aws) -> None:
    """A client whose first call was answered too late sends it again."""
    ec2 = aws("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = {"DeviceIndex": 0, "SubnetId": subnet, "DeleteOnTermination": True}
    started = ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2, NetworkInterfaces=[interface])["Instances"]
    ids = [host["InstanceId"] for host in started]
    ec2.terminate_instances(InstanceIds=ids[:1])
    answers = ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"]
    assert [answer["PreviousState"]["Name"] for answer in answers] == ["terminated", "running"]
    states = {
        host["InstanceId"]: host["State"]["Name"]
        for group in ec2.describe_instances()["Reservations"]
        for host in group["Instances"]
    }
    assert states == dict.fromkeys(ids, "terminated")
