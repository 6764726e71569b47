# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may do what in AWS: the statements of a stage's policies, each with the reason for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .host_kinds import BY_NAME

VERSION = "2012-10-17"

# What a statement of the application's must say, as IAM writes it. The effect of all of them is Allow.
_NEEDED = ("Sid", "Action", "Resource")


class PolicyError(ValueError):
    """A stage gives its application rights that it must not have; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy. `reason` is for those who read the documentation; AWS does not get it.

    `principal` is set in policies of resources only; `conditions` are by operator, then by key.
    """

    sid: str
    reason: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    effect: str = "Allow"
    principal: str | None = None
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_policy(self) -> dict[str, Any]:
        """Return the statement as IAM writes it."""
        return {
            "Sid": self.sid,
            "Effect": self.effect,
            **({"Principal": self.principal} if self.principal else {}),
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **(
                {"Condition": {operator: dict(keys) for operator, keys in self.conditions.items()}}
                if self.conditions
                else {}
            ),
        }


def document(statements: list[Statement], further: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a policy document; `further` are statements as IAM writes them."""
    return {"Version": VERSION, "Statement": [*(statement.as_policy() for statement in statements), *further]}


def host_statements(
    *,
    role: str,
    bucket: str,
    backup_prefix: str,
    log_group: str,
    metrics_namespace: str,
    kms_keys: Sequence[str] = (),
) -> list[Statement]:
    """Return what the credentials of a host of the kind `role` are good for. Raises KeyError.

    `kms_keys` are those that backups are encrypted with: ids, aliases or ARNs.
    """
    statements = [
        Statement(
            sid="SendLogs",
            reason="The agent sends the host's logs to the stage's one log group; it reads and removes nothing.",
            actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(f"arn:aws:logs:*:*:log-group:{log_group}:*",),
        ),
        Statement(
            sid="SendMetrics",
            reason="It sends the host's metrics. CloudWatch knows no resources here: the namespace is the limit.",
            actions=("cloudwatch:PutMetricData",),
            resources=("*",),
            conditions={"StringEquals": {"cloudwatch:namespace": metrics_namespace}},
        ),
    ]
    if BY_NAME[role].keeps_backups:
        statements.append(
            Statement(
                sid="KeepBackups",
                reason=(
                    "This host makes the backups: it writes them, asks S3 for their checksums, and fetches one that is "
                    "to be restored. It cannot remove one; writing under the same name leaves the earlier version."
                ),
                actions=("s3:GetObject", "s3:PutObject"),
                resources=(f"arn:aws:s3:::{bucket}/{backup_prefix}/*",),
            )
        )
        statements.append(
            Statement(
                sid="FindBackups",
                reason="A host that begins to keep the backups finds those that another host has made.",
                actions=("s3:ListBucket",),
                resources=(f"arn:aws:s3:::{bucket}",),
                conditions={"StringLike": {"s3:prefix": f"{backup_prefix}/*"}},
            )
        )
        statements += [_use_of(key, number=number) for number, key in enumerate(kms_keys, 1)]
    return statements


def application_statements(
    by_role: Mapping[str, Sequence[Mapping[str, Any]]], *, role: str, bucket: str
) -> list[dict[str, Any]]:
    """Return what the application itself needs on hosts of the kind `role`, as IAM writes it.

    `by_role` are the stage's statements by kind of host. The stage's own bucket is no resource for them: releases and
    backups are there. Raises PolicyError.
    """
    if unknown := sorted(set(by_role) - set(BY_NAME)):
        raise PolicyError(f"There is no kind of host called {', '.join(unknown)}; the kinds are {', '.join(BY_NAME)}.")
    return [_application_statement(statement, bucket=bucket) for statement in by_role.get(role) or []]


def _application_statement(statement: Mapping[str, Any], *, bucket: str) -> dict[str, Any]:
    """Return one statement with its effect, and lists of actions and resources. Raises PolicyError."""
    name = statement.get("Sid", "without a Sid")
    if lacking := [key for key in _NEEDED if not statement.get(key)]:
        raise PolicyError(f"Statement {name} lacks {' and '.join(lacking)}.")
    if unknown := sorted(set(statement) - {*_NEEDED, "Effect", "Condition"}):
        raise PolicyError(f"Statement {name} has {' and '.join(unknown)}, which a statement here cannot have.")
    if statement.get("Effect", "Allow") != "Allow":
        raise PolicyError(f"Statement {name} has the effect {statement['Effect']}; only Allow gives a right.")
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    if any(_may_begin(action.lower(), "s3:") for action in actions):
        for resource in resources:
            if _may_begin(f"{resource}/", f"arn:aws:s3:::{bucket}/"):
                raise PolicyError(
                    f"Statement {name} reaches the stage's own bucket, with {resource}: releases and backups are there."
                    " Give the application a bucket of its own, and name that."
                )
    return {**statement, "Effect": "Allow", "Action": actions, "Resource": resources}


def _may_begin(pattern: str, beginning: str) -> bool:
    """Tell whether something that begins so can fit a pattern of IAM's, which has *, ? and ${variables}."""
    literal = re.split(r"[*?$]", pattern)[0]
    return literal.startswith(beginning) or (literal != pattern and beginning.startswith(literal))


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _use_of(key: str, *, number: int) -> Statement:
    """Let S3 use a KMS key for a host. No policy names a key by its alias: that is a condition."""
    arn = key if key.startswith("arn:") else f"arn:aws:kms:*:*:{key if '/' in key else f'key/{key}'}"
    place, _by, alias = arn.partition(":alias/")
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"}} if alias else {}
    return Statement(
        sid=f"EncryptBackups{number}",
        reason=(
            "Where the stage names a KMS key, S3 encrypts the backups with it. It also decrypts with it what is "
            "fetched, and the parts of an upload above 64 MiB."
        ),
        actions=("kms:GenerateDataKey", "kms:Decrypt"),
        resources=(f"{place}:key/*" if alias else arn,),
        conditions={"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}, **by_alias},
    )


def bucket_statements(*, bucket: str, host_roles: str) -> list[Statement]:
    """Return the policy of the stage's bucket; `host_roles` is a pattern of the names of the hosts' IAM roles."""
    everything = (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*")
    return [
        Statement(
            sid="RefusePlainHttp",
            reason="Backups and releases never cross a network unencrypted.",
            effect="Deny",
            principal="*",
            actions=("s3:*",),
            resources=everything,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            sid="HostsRemoveNothing",
            reason=(
                "No host can remove a backup or a version of one, or make the bucket forget, "
                "whatever another policy may grant it one day."
            ),
            effect="Deny",
            principal="*",
            actions=(
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:PutBucketPolicy",
                "s3:DeleteBucketPolicy",
                "s3:PutBucketVersioning",
                "s3:PutLifecycleConfiguration",
            ),
            resources=everything,
            conditions={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{host_roles}"}},
        ),
    ]
