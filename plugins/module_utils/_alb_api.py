# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Elastic Load Balancing calls this collection makes, in its own words.

Private to this collection; runs on the controller only (boto3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._alb_plan import Target, TargetHealth, absent
from ._aws_client import AwsError, translated

if TYPE_CHECKING:
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetHealthDescriptionTypeDef


@dataclass(frozen=True)
class TargetGroup:
    """A target group: `port` is where its targets listen unless registered with another.

    `recovery` is how many seconds a target that answers again may take to be called healthy.
    """

    arn: str
    name: str
    port: int
    recovery: float


class TargetGroupApi:
    """One target group. Every method raises AwsError."""

    def __init__(self, *, client: ElasticLoadBalancingv2Client, name_or_arn: str) -> None:
        self._client = client
        self.group = _find(client=client, name_or_arn=name_or_arn)

    def health(self) -> list[TargetHealth]:
        """Every target of the group, the draining ones included."""
        with translated(doing=f"read the health of target group {self.group.name}"):
            answer = self._client.describe_target_health(TargetGroupArn=self.group.arn)
        return [_health(item, default_port=self.group.port) for item in answer["TargetHealthDescriptions"]]

    def health_of(self, target: Target) -> TargetHealth:
        """One target; `unused` when the group does not have it."""
        with translated(
            doing=f"read the health of {target} in target group {self.group.name}",
            remedies={"InvalidTarget": _NO_INSTANCE},
        ):
            answer = self._client.describe_target_health(
                TargetGroupArn=self.group.arn, Targets=[{"Id": target.id, "Port": target.port}]
            )
        found = [_health(item, default_port=self.group.port) for item in answer["TargetHealthDescriptions"]]
        return next((health for health in found if health.target == target), absent(target))

    def register(self, target: Target) -> None:
        """Put the target into the group; also ends its draining."""
        with translated(
            doing=f"register {target} in target group {self.group.name}", remedies={"InvalidTarget": _NO_INSTANCE}
        ):
            self._client.register_targets(
                TargetGroupArn=self.group.arn, Targets=[{"Id": target.id, "Port": target.port}]
            )

    def deregister(self, target: Target) -> None:
        """Take the target out of the group: no new requests, running ones may end within the group's delay."""
        with translated(doing=f"deregister {target} from target group {self.group.name}"):
            self._client.deregister_targets(
                TargetGroupArn=self.group.arn, Targets=[{"Id": target.id, "Port": target.port}]
            )


_NO_INSTANCE = "Is the instance running? Start it, or take it out of the inventory, and run the same command again."


def _find(*, client: ElasticLoadBalancingv2Client, name_or_arn: str) -> TargetGroup:
    with translated(
        doing=f"find target group {name_or_arn}",
        remedies={"TargetGroupNotFound": "Create it with: make provision STAGE=<stage>"},
    ):
        if name_or_arn.startswith("arn:"):
            groups = client.describe_target_groups(TargetGroupArns=[name_or_arn])["TargetGroups"]
        else:
            groups = client.describe_target_groups(Names=[name_or_arn])["TargetGroups"]
    if not groups:
        raise AwsError(f"There is no target group {name_or_arn}. Create it with: make provision STAGE=<stage>")
    group = groups[0]
    # A check that fails has just begun; then all those that must pass, each an interval after the one before.
    recovery = group["HealthCheckTimeoutSeconds"] + group["HealthCheckIntervalSeconds"] * (
        group["HealthyThresholdCount"] + 1
    )
    return TargetGroup(
        arn=group["TargetGroupArn"], name=group["TargetGroupName"], port=group["Port"], recovery=recovery
    )


def _health(item: TargetHealthDescriptionTypeDef, *, default_port: int) -> TargetHealth:
    health = item["TargetHealth"]
    return TargetHealth(
        target=Target(id=item["Target"]["Id"], port=item["Target"].get("Port", default_port)),
        state=health["State"],
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )


def others_of(target: Target, group: Sequence[TargetHealth]) -> list[TargetHealth]:
    """The targets that would serve without `target`'s instance (its other ports are the same machine)."""
    return [health for health in group if health.target.id != target.id]
