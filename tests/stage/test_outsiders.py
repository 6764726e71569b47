# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in none of the stage's security groups reaches none of its hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stage.fleet import Fleet, eventually

REDIS, POSTGRESQL = 6379, 5432
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"


@pytest.fixture
def outsider(fleet: Fleet) -> Iterator[str]:
    """Return the name of an instance in the stage's network that belongs to no group of the stage."""
    model = fleet.instance("web1")
    group = fleet.ec2.create_security_group(GroupName="outsiders", Description="nothing", VpcId=model["VpcId"])[
        "GroupId"
    ]
    launched = fleet.ec2.run_instances(
        ImageId=model["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=model["SubnetId"],
        SecurityGroupIds=[group],
    )["Instances"][0]
    fleet.hosts["outsider"] = {
        "name": "outsider",
        "role": "none",
        "instance_id": launched["InstanceId"],
        "private_address": launched["PrivateIpAddress"],
    }
    try:
        eventually(lambda: fleet.container("outsider").status == "running", within=60, what="the outsider runs")
        yield "outsider"
    finally:
        fleet.ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
        fleet.ec2.delete_security_group(GroupId=group)
        del fleet.hosts["outsider"]


def reaches(fleet: Fleet, host: str, address: str, port: int) -> bool:
    """Whether a host gets a connection to an address."""
    code, _ = fleet.container(host).exec_run(["python3", "-c", CONNECT, address, str(port)])
    return bool(code == 0)


def test_no_port_of_the_stage_is_open_to_outsiders(on_v1: Fleet, outsider: str) -> None:
    database = on_v1.stage["database"]["host"]
    redis = on_v1.hosts["redis1"]["private_address"]
    assert reaches(on_v1, "web1", redis, REDIS)
    assert reaches(on_v1, "web1", database, POSTGRESQL)
    doors = [(database, POSTGRESQL)]
    for name, host in on_v1.hosts.items():
        if name != outsider:
            listening = on_v1.run(name, "ss --no-header --listening --tcp --numeric | awk '{print $4}'").split()
            ports = {address.rpartition(":")[2] for address in listening if not address.startswith("127.")}
            doors += [(host["private_address"], int(port)) for port in sorted(ports)]
    assert (redis, REDIS) in doors
    assert [door for door in doors if reaches(on_v1, outsider, *door)] == []


def test_gunicorn_has_no_port(on_v1: Fleet) -> None:
    assert "gunicorn" not in on_v1.run("web1", "ss --no-header --listening --tcp --processes")
    assert "gunicorn" in on_v1.run("web1", "ss --no-header --listening --unix --processes")
