# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stage consists of and who may do what there, for the playbooks that create and remove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError, AnsibleFilterError
from jinja2.exceptions import UndefinedError

from ..module_utils import fleet_plan as fleet_plan_module
from ..module_utils import host_kinds as host_kinds_module
from ..module_utils import stage_policies, stage_settings
from ..module_utils.rq.remains import remains


def host_kinds(column: str) -> dict[str, Any]:
    """Return a column of the table of kinds of hosts, by kind."""
    return host_kinds_module.column(column)


def fleet_plan(existing: list[str], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return which hosts to keep, to create and to remove."""
    return fleet_plan_module.plan(counts=counts, existing=existing).as_result()


def counts_complaint(counts: Mapping[str, int]) -> str:
    """Return why a stage cannot have these counts of hosts; empty if it can."""
    return fleet_plan_module.complaint(counts)


def stage_duties(groups: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> dict[str, Any]:
    """Return what the hosts in the inventory's groups are there for."""
    return fleet_plan_module.duties(counts=counts, groups=groups).as_result()


def queue_remains(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is left in the queues."""
    return remains(state).as_result()


def settings_at_fault(
    settings: Mapping[str, Any], leaving: Mapping[str, str], withheld: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return why a setting cannot be given to a release, by its name; of a value nothing is said."""
    values, found = {}, {}
    for name in settings:
        # A value is a template until it is looked at.
        try:
            values[name] = str(settings[name])
        except (AnsibleError, UndefinedError) as error:
            found[name] = f"needs a host, or another value, that the stage does not have ({error})"
    led = stage_settings.leading_to(values, hosts=leaving)
    held = stage_settings.holding(values, withheld=withheld or {})
    return {
        **found,
        **{name: f"leads to {host}, which is to be removed" for name, host in led.items()},
        **{name: f"has {what}" for name, what in held.items()},
    }


def lacking_roles(groups: Mapping[str, Sequence[str]], counts: Mapping[str, int]) -> list[str]:
    """Return the roles of which a deploy needs a host and the inventory's groups have none."""
    return fleet_plan_module.lacking_roles(counts=counts, groups=groups)


def fleet_images(counts: Mapping[str, int], default: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return which machine image each host is made of. Raises AnsibleFilterError."""
    try:
        return fleet_plan_module.images(counts=counts, default=default, chosen=chosen)
    except fleet_plan_module.FleetError as error:
        raise AnsibleFilterError(str(error)) from error


def unfit_images(
    images: Mapping[str, str],
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    instance_type: str,
    instance_types: Mapping[str, str],
) -> list[str]:
    """Return why instance types cannot run the images of their hosts; `found` is what EC2 says of each image."""
    return fleet_plan_module.unfit_images(
        images=images,
        architectures={name: image["architecture"] for name, (image, *_others) in found.items()},
        instance_type=instance_type,
        instance_types=instance_types,
    )


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


def host_policy(
    role: str,
    bucket: str,
    backup_prefix: str,
    log_group: str,
    metrics_namespace: str,
    *,
    kms_keys: Sequence[str] = (),
    application: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Return the policy of the hosts of a role. Raises AnsibleFilterError for statements that it cannot have."""
    try:
        further = stage_policies.application_statements(application or {}, role=role, bucket=bucket)
    except stage_policies.PolicyError as error:
        raise AnsibleFilterError(str(error)) from error
    return stage_policies.document(
        stage_policies.host_statements(
            role=role,
            bucket=bucket,
            backup_prefix=backup_prefix,
            log_group=log_group,
            metrics_namespace=metrics_namespace,
            kms_keys=kms_keys,
        ),
        further,
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
            "counts_complaint": counts_complaint,
            "fleet_images": fleet_images,
            "fleet_lines": fleet_lines,
            "fleet_plan": fleet_plan,
            "host_kinds": host_kinds,
            "host_policy": host_policy,
            "lacking_roles": lacking_roles,
            "queue_remains": queue_remains,
            "settings_at_fault": settings_at_fault,
            "stage_duties": stage_duties,
            "unfit_images": unfit_images,
        }
