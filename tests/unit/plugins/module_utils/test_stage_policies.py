# SPDX-License-Identifier: GPL-3.0-or-later
"""What the credentials of a host can and cannot do, by simulation of the policies that provisioning writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.host_kinds import NAMES
from ansible_collections.carpentries.amy.plugins.module_utils.stage_policies import (
    PolicyError,
    application_statements,
    bucket_statements,
    document,
    host_statements,
)

from tests.unit.plugins.module_utils.iam import Policy, allowed

BUCKET = "amy-production"
BACKUP = f"arn:aws:s3:::{BUCKET}/backups/amy-20260131T120000Z.dump"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/amy/production"
STREAM = f"{LOGS}:log-stream:web1/nginx"
ADMINISTRATOR: Policy = {"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}


def policy_of(role: str, kms_keys: Sequence[str] = ()) -> Policy:
    policy: Policy = document(
        host_statements(
            role=role,
            bucket=BUCKET,
            backup_prefix="backups",
            log_group="/amy/production",
            metrics_namespace="amy/production",
            kms_keys=kms_keys,
        )
    )
    return policy


BUCKET_POLICY: Policy = document(bucket_statements(bucket=BUCKET, host_roles="amy-production-*"))


def may(role: str, action: str, resource: str, *more: Policy, **context: str) -> bool:
    """Tell whether a host of ROLE may do that, over TLS unless CONTEXT says otherwise."""
    by_tls = {
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": f"arn:aws:iam::123456789012:role/amy-production-{role}",
        **{key.replace("_", ":", 1): value for key, value in context.items()},
    }
    return allowed([policy_of(role), BUCKET_POLICY, *more], action=action, resource=resource, context=by_tls)


@pytest.mark.parametrize("role", NAMES)
@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_no_host_can_delete_a_backup(role: str, action: str) -> None:
    assert not may(role, action, BACKUP)
    # Not even with the widest policy that an administrator may attach to its role one day.
    assert not may(role, action, BACKUP, ADMINISTRATOR)


@pytest.mark.parametrize("role", NAMES)
@pytest.mark.parametrize("action", ["s3:PutBucketVersioning", "s3:PutLifecycleConfiguration", "s3:DeleteBucketPolicy"])
def test_no_host_can_make_the_bucket_forget(role: str, action: str) -> None:
    assert not may(role, action, f"arn:aws:s3:::{BUCKET}", ADMINISTRATOR)


def test_the_administrator_who_is_no_host_can_delete_a_backup() -> None:
    """The two tests above see what they claim to see: without the condition on hosts the same request is allowed."""
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": "arn:aws:iam::123456789012:role/administrator"}
    assert allowed([ADMINISTRATOR, BUCKET_POLICY], action="s3:DeleteObject", resource=BACKUP, context=context)


@pytest.mark.parametrize("role", ["scheduler", "utility", "redis"])
def test_the_backup_hosts_write_and_read_backups(role: str) -> None:
    assert may(role, "s3:PutObject", BACKUP)
    assert may(role, "s3:GetObject", BACKUP)


@pytest.mark.parametrize(
    ("role", "prefix", "finds"),
    [
        ("utility", "backups/amy-", True),
        ("redis", "backups/redis/redis-", True),
        ("utility", "artifacts/", False),
        ("utility", "backups", False),
        ("web", "backups/amy-", False),
    ],
)
def test_a_host_that_begins_to_keep_backups_finds_those_of_another(role: str, prefix: str, *, finds: bool) -> None:
    assert may(role, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}", s3_prefix=prefix) is finds
    assert not may(role, "s3:ListBucket", f"arn:aws:s3:::{BUCKET}")


@pytest.mark.parametrize("role", ["web", "worker"])
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:ListBucket"])
def test_other_hosts_do_not_reach_the_bucket(role: str, action: str) -> None:
    assert not may(role, action, BACKUP)


@pytest.mark.parametrize(
    "key", ["releases/v1.tar.gz", "locks/production.json", "backups-of-another/amy.dump", "backups"]
)
def test_the_backup_host_reaches_nothing_but_backups(key: str) -> None:
    assert not may("scheduler", "s3:PutObject", f"arn:aws:s3:::{BUCKET}/{key}")
    assert not may("scheduler", "s3:GetObject", f"arn:aws:s3:::{BUCKET}/{key}")


def test_nothing_is_sent_in_the_clear() -> None:
    assert not may("scheduler", "s3:PutObject", BACKUP, aws_SecureTransport="false")


@pytest.mark.parametrize("role", NAMES)
def test_every_host_sends_logs_to_the_stages_group_only(role: str) -> None:
    assert may(role, "logs:PutLogEvents", STREAM)
    assert may(role, "logs:CreateLogStream", STREAM)
    assert may(role, "logs:DescribeLogStreams", f"{LOGS}:")
    assert not may(role, "logs:PutLogEvents", STREAM.replace("/amy/production", "/amy/production-old"))
    assert not may(role, "logs:GetLogEvents", STREAM)
    assert not may(role, "logs:DeleteLogStream", STREAM)


@pytest.mark.parametrize("role", NAMES)
def test_every_host_sends_metrics_of_the_stage_only(role: str) -> None:
    assert may(role, "cloudwatch:PutMetricData", "*", cloudwatch_namespace="amy/production")
    assert not may(role, "cloudwatch:PutMetricData", "*", cloudwatch_namespace="AWS/EC2")
    assert not may(role, "cloudwatch:PutMetricData", "*")


def test_a_policy_is_json_without_the_reasons() -> None:
    text = json.dumps([policy_of("scheduler"), BUCKET_POLICY])
    assert "reason" not in text
    assert len(json.dumps(policy_of("scheduler"))) < 2048  # what IAM takes inline for all policies of a user, the least


ATTACHMENTS = {
    "Sid": "Attachments",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": f"arn:aws:s3:::{BUCKET}-attachments/*",
}


def test_the_application_gets_its_own_rights_on_the_hosts_of_one_kind_only() -> None:
    attached = f"arn:aws:s3:::{BUCKET}-attachments/certificate.pdf"
    given = {
        role: document([], application_statements({"web": [ATTACHMENTS]}, role=role, bucket=BUCKET)) for role in NAMES
    }
    assert [role for role in NAMES if may(role, "s3:PutObject", attached, given[role])] == ["web"]
    assert not may("web", "s3:DeleteObject", attached, given["web"])
    assert not may("web", "s3:GetObject", BACKUP, given["web"])


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"Resource": f"arn:aws:s3:::{BUCKET}/*"}, "Statement Attachments reaches the stage's own bucket"),
        ({"Resource": f"arn:aws:s3:::{BUCKET}"}, "reaches the stage's own bucket"),
        ({"Resource": f"arn:aws:s3:::{BUCKET}/backups/one.dump"}, "reaches the stage's own bucket"),
        ({"Resource": ["arn:aws:s3:::another/*", "arn:aws:s3:::amy-*"]}, "own bucket, with arn:aws:s3:::amy-[*]"),
        ({"Resource": "*"}, "own bucket"),
        ({"Resource": "*", "Action": "*"}, "own bucket"),
        ({"Resource": "*", "Action": ["ses:SendEmail", "S3:Get*"]}, "own bucket"),
        ({"Resource": "arn:aws:s3:::${aws:PrincipalTag/bucket}/*"}, "own bucket"),
        ({"Action": []}, "Statement Attachments lacks Action"),
        ({"Sid": ""}, "lacks Sid"),
        ({"NotResource": "*"}, "has NotResource, which a statement here"),
        ({"Effect": "Deny"}, "has the effect Deny"),
    ],
)
def test_a_statement_that_gives_too_much_or_too_little_is_refused(changed: dict[str, object], complaint: str) -> None:
    with pytest.raises(PolicyError, match=complaint):
        application_statements({"web": [{**ATTACHMENTS, **changed}]}, role="web", bucket=BUCKET)


@pytest.mark.parametrize(
    "changed",
    [
        {"Action": "ses:SendEmail", "Resource": "*"},
        {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Resource": ["arn:aws:s3:::production-amy", "arn:aws:s3:::production-amy/*"]},
    ],
)
def test_a_statement_may_give_what_is_not_the_stages(changed: dict[str, object]) -> None:
    [given] = application_statements({"web": [{**ATTACHMENTS, **changed}]}, role="web", bucket=BUCKET)
    assert given["Effect"] == "Allow"
    assert isinstance(given["Action"], list)


def test_rights_for_an_unknown_kind_of_host_are_refused() -> None:
    with pytest.raises(PolicyError, match=r"There is no kind of host called webs; the kinds are web, .*\."):
        application_statements({"webs": [ATTACHMENTS]}, role="web", bucket=BUCKET)


KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BY_S3 = {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:ResourceAliases": "alias/backups"}


@pytest.mark.parametrize(
    "key", [KEY, KEY.partition("/")[2], "alias/backups", "arn:aws:kms:us-east-1:123456789012:alias/backups"]
)
@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_a_host_that_keeps_backups_uses_the_key_that_the_stage_names(key: str, action: str) -> None:
    """S3 decrypts the parts of an upload above 64 MiB with the key of the one who uploads it."""

    def may_use(role: str, *keys: str, **context: str) -> bool:
        return allowed([policy_of(role, keys)], action=action, resource=KEY, context={**BY_S3, **context})

    assert may_use("scheduler", key)
    assert may_use("redis", key)
    assert not may_use("web", key)
    assert not may_use("scheduler")
    assert not may_use("scheduler", "another-key")
    assert not may_use("scheduler", "alias/other")
    # Nothing but S3 may use it for the host.
    assert not allowed([policy_of("scheduler", [key])], action=action, resource=KEY, context={})
    assert not allowed([policy_of("scheduler", [key])], action="kms:ScheduleKeyDeletion", resource=KEY, context=BY_S3)
