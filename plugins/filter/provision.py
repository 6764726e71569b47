# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stage consists of and who may do what there, for the playbooks that create and remove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils import fleet_plan as fleet_plan_module
from ..module_utils import stage_policies


def fleet_plan(existing: list[str], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return which hosts to keep, to create and to remove."""
    return fleet_plan_module.plan(counts=counts, existing=existing).as_result()


def lacking_roles(groups: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> list[str]:
    """Return the roles of which a deploy needs a host and the inventory's groups have none."""
    return fleet_plan_module.lacking_roles(counts=counts, groups=groups)


def fleet_images(counts: Mapping[str, int], default: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return which machine image each host is made of. Raises AnsibleFilterError."""
    try:
        return fleet_plan_module.images(counts=counts, default=default, chosen=chosen)
    except fleet_plan_module.FleetError as error:
        raise AnsibleFilterError(str(error)) from error


def fleet_lines(
    existing: list[str],
    counts: Mapping[str, int],
    instance_type: str,
    instance_types: Mapping[str, str],
    volume_size: int,
    *,
    images: Mapping[str, str],
) -> list[str]:
    """Return the same for people."""
    return fleet_plan_module.lines(
        fleet_plan_module.plan(counts=counts, existing=existing),
        instance_type=instance_type,
        instance_types=instance_types,
        volume_size=volume_size,
        images=images,
    )


def host_policy(role: str, bucket: str, backup_prefix: str, log_group: str, metrics_namespace: str) -> dict[str, Any]:
    """Return the policy of the hosts of a role."""
    return stage_policies.document(
        stage_policies.host_statements(
            role=role,
            bucket=bucket,
            backup_prefix=backup_prefix,
            log_group=log_group,
            metrics_namespace=metrics_namespace,
        )
    )


def bucket_policy(bucket: str, host_roles: str) -> dict[str, Any]:
    """Return the policy of the stage's bucket."""
    return stage_policies.document(stage_policies.bucket_statements(bucket=bucket, host_roles=host_roles))


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By their names in playbooks."""
        return {
            "bucket_policy": bucket_policy,
            "fleet_images": fleet_images,
            "fleet_lines": fleet_lines,
            "fleet_plan": fleet_plan,
            "host_policy": host_policy,
            "lacking_roles": lacking_roles,
        }
