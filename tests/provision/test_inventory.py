# SPDX-License-Identifier: GPL-3.0-or-later
"""Each stage's inventory finds the stage's hosts by their tags in the answers of an API, and puts them into groups."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts.playbook import INVENTORIES
from scripts.playbook import inventory as inventory_of
from tests.provision.stage import ROOT, Stage

STAGES = sorted(path.name for folder in INVENTORIES for path in (ROOT / folder).iterdir())
HOSTS = {"web1": "web", "web2": "web", "worker1": "worker", "scheduler1": "scheduler", "redis1": "redis"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return an API in which no instance has been made yet."""
    stage = Stage(tmp_path_factory.mktemp("stage"), {})
    yield stage
    stage.end()


@pytest.mark.parametrize("name", STAGES)
def test_hosts_are_found_and_grouped(api: Stage, name: str, tmp_path: Path) -> None:
    inventory = yaml.safe_load((ROOT / inventory_of(name) / "aws_ec2.yml").read_text())
    tags = {key.removeprefix("tag:"): value for key, value in inventory["filters"].items() if key.startswith("tag:")}
    ec2 = api.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    for host, role in HOSTS.items():
        described = [{"Key": key, "Value": value} for key, value in {**tags, "Name": host, "Role": role}.items()]
        ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": described}],
        )
    where = {"endpoint_url": f"http://127.0.0.1:{api.port}", "access_key": "local", "secret_key": "local"}
    (tmp_path / "aws_ec2.yml").write_text(json.dumps({**inventory, **where, "regions": ["us-east-1"]}))
    (tmp_path / "groups.yml").write_text((ROOT / inventory_of(name) / "groups.yml").read_text())

    shown = subprocess.run(
        ["ansible-inventory", "-i", str(tmp_path), "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    found = json.loads(shown)
    assert {host: group for group in set(HOSTS.values()) for host in found[group]["hosts"]} == HOSTS
    variables = [found["_meta"]["hostvars"][host] for host in HOSTS]
    # What comes from outside is marked as no template in this form.
    assert [host["ec2_tags"]["Role"]["__ansible_unsafe"] for host in variables] == list(HOSTS.values())
    assert [host["ansible_host"] for host in variables] == [host["ec2_private_ip_address"] for host in variables]
