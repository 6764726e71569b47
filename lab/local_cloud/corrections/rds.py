# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS: values that AWS always gives, and moto only if they were asked for; an unknown parameter group is an error."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.rds.exceptions import DBParameterGroupNotFoundError
from moto.rds.models import DBInstance, DBSubnetGroup, RDSBackend, rds_backends

from lab.local_cloud.service import after

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html: the baseline of gp3 below 400 GiB
GP3_IOPS, GP3_THROUGHPUT = 3000, 125
# Asked for a major version, RDS installs one of its minor versions, and says which.
POSTGRES_MINOR = 14


def install() -> None:
    """Correct parameter groups, gp3 storage, versions and instances without a subnet group."""
    _report_unknown_parameter_groups()
    after(DBInstance, ["__init__"], _complete)


def _report_unknown_parameter_groups() -> None:
    describe = RDSBackend.describe_db_parameter_groups

    def describe_db_parameter_groups(self: RDSBackend, db_parameter_group_kwargs: dict[str, Any]) -> list[Any]:
        groups: list[Any] = describe(self, db_parameter_group_kwargs)
        name = db_parameter_group_kwargs.get("db_parameter_group_name")
        if name and not groups:
            raise DBParameterGroupNotFoundError(name)
        return groups

    RDSBackend.describe_db_parameter_groups = describe_db_parameter_groups


def _complete(_name: str, instance: DBInstance, *_: Any) -> None:
    if instance.db_cluster_identifier is not None:
        return
    if instance.storage_type == "gp3":
        instance.iops = instance.iops or GP3_IOPS
        instance.storage_throughput = instance.storage_throughput or GP3_THROUGHPUT
    if instance.engine == "postgres" and "." not in instance.engine_version:
        instance.engine_version = f"{instance.engine_version}.{POSTGRES_MINOR}"
    if instance._db_subnet_group_name is None:
        _ensure_default_subnet_group(instance.account_id, instance.region)
        instance.db_subnet_group_name = "default"


def _ensure_default_subnet_group(account: str, region: str) -> None:
    backend = rds_backends[account][region]
    if "default" not in backend.subnet_groups:
        subnets = [subnet for subnet in ec2_backends[account][region].describe_subnets() if subnet.default_for_az]
        backend.subnet_groups["default"] = DBSubnetGroup(backend, "default", "default", subnets, [])
