# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage says what it wants in variables that roles have, and playbooks find the hosts that it has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.amazon.aws.plugins.inventory.aws_ec2 import _prepare_host_vars

from scripts.document_roles import ROLES, read_options
from scripts.playbook import INVENTORIES
from scripts.playbook import inventory as inventory_of

ROOT = Path(__file__).resolve().parents[2]
LAB = sorted(path.name for path in (ROOT / "lab/inventories").iterdir())
STAGES = sorted(path.name for folder in INVENTORIES for path in (ROOT / folder).iterdir())
PLAY = re.compile(
    r"^  play #\d+ \(.*?\): (.*?)\tTAGS.*\n    pattern: .*\n    hosts \(\d+\):\n?((?:      \S+\n?)*)", re.MULTILINE
)
HOSTS = {
    "local": {"web": ["web1", "web2"], "worker": ["worker1"], "scheduler": ["scheduler1"], "redis": ["redis1"]},
    "another": {"web": ["web1", "web2"], "utility": ["utility1"]},
}
# What only one host does.
UTILITY_PLAYS = {
    "backup": {"Back up the database"},
    "configure": {"Prepare the host that keeps the backups"},
    "deploy": set(),
    "restore": {"Replace the database"},
    "restore_drill": {"Prove that the newest backup restores"},
    "reverse_migrations": {"Reverse the migrations"},
    "status": {"Ask about the backups"},
}
# What is for queues.
QUEUE_PLAYS = {
    "configure": {"Prepare the Redis hosts", "Prepare the hosts of the queues"},
    "deploy": {"Check that the new code can load every waiting job"},
    "restore_drill": {"Prove that the newest backup of Redis loads"},
    "status": {"Ask about the queues", "Ask about Redis's backups"},
}

# The tags and the address of a host, by the name that its kind of amazon.aws gives them under `hostvars_prefix: ec2_`.
TAGS = {"Name": "web1", "Role": "web", "Stage": "any"}
INSTANCE = {
    "InstanceId": "i-1",
    "PrivateIpAddress": "10.0.0.9",
    "Placement": {"AvailabilityZone": "us-east-1a"},
    "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
}
HOST_VARIABLES = {
    "amazon.aws 10": {"ec2_tags": TAGS, "ec2_private_ip_address": "10.0.0.9"},
    "amazon.aws 11": {"ec2_ec2_tags": TAGS, "ec2_private_ip_address": "10.0.0.9"},
    "the one installed": _prepare_host_vars(INSTANCE, hostvars_prefix="ec2_"),
}


def chosen(stage: str, file: str) -> dict[str, Any]:
    """The variables of a file of a stage."""
    found: dict[str, Any] = yaml.safe_load((ROOT / inventory_of(stage) / "group_vars/all" / file).read_text())
    return found


@pytest.fixture(scope="module", params=sorted(HOSTS))
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, set[str]]]:
    """A stage, and the hosts of the plays of each name, where the inventory has found the stage's hosts."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "groups.yml").write_text((ROOT / inventory_of(request.param) / "groups.yml").read_text())
    hosts = {role: {"hosts": dict.fromkeys(names)} for role, names in HOSTS[request.param].items()}
    (folder / "hosts.yml").write_text(yaml.safe_dump(hosts))
    playbooks = [f"playbooks/{name}.yml" for name in UTILITY_PLAYS]
    shown = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder), "--list-hosts", *playbooks],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    hosts_of: dict[str, set[str]] = {}
    for name, found in PLAY.findall(shown):
        hosts_of.setdefault(name, set()).update(found.split())
    return request.param, hosts_of


def test_one_host_does_what_only_one_does(plays: tuple[str, dict[str, set[str]]]) -> None:
    stage, hosts = plays
    utility = {"local": {"scheduler1"}, "another": {"utility1"}}[stage]
    assert {name: hosts[name] for names in UTILITY_PLAYS.values() for name in names} == {
        name: utility for names in UTILITY_PLAYS.values() for name in names
    }


def test_each_host_that_keeps_backups_takes_figures(plays: tuple[str, dict[str, set[str]]]) -> None:
    stage, hosts = plays
    keepers = {"local": {"scheduler1", "redis1"}, "another": {"utility1"}}[stage]
    assert hosts["Take the figures of the queues, the backups and the release"] == keepers


def test_plays_for_queues_have_hosts_where_there_are_queues(plays: tuple[str, dict[str, set[str]]]) -> None:
    stage, hosts = plays
    names = [name for names in QUEUE_PLAYS.values() for name in names]
    assert [bool(hosts[name]) for name in names] == [stage == "local"] * len(names)


@pytest.mark.parametrize("stage", STAGES)
def test_tags_say_the_group_and_the_address_with_each_amazon_aws(stage: str, tmp_path: Path) -> None:
    """Ansible's own `constructed` reads what the stage says of hosts that have each kind's variables."""
    inventory = yaml.safe_load((ROOT / inventory_of(stage) / "aws_ec2.yml").read_text())
    assert inventory["hostvars_prefix"] == "ec2_"
    construction = {key: inventory[key] for key in ("compose", "keyed_groups")}
    (tmp_path / "1_hosts.yml").write_text(json.dumps({"all": {"hosts": HOST_VARIABLES}}))
    (tmp_path / "2_constructed.yml").write_text(json.dumps({"plugin": "constructed", **construction}))
    shown = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(tmp_path), "--list"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_INVENTORY_ENABLED": "constructed,yaml"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = json.loads(shown)
    assert sorted(found["web"]["hosts"]) == sorted(HOST_VARIABLES)
    hosts = found["_meta"]["hostvars"]
    assert [(hosts[name]["ec2_tags"], hosts[name]["ansible_host"]) for name in HOST_VARIABLES] == 3 * [
        (TAGS, "10.0.0.9")
    ]


def test_the_status_of_a_stage_whose_hosts_are_not_found_says_so(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "inventories/local", tmp_path / "local", ignore=shutil.ignore_patterns("aws_ec2.yml"))
    shown = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(tmp_path / "local"),
            "playbooks/status.yml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 2
    said = " ".join(shown.stdout.split())
    lacking = [f"no {kind} host" for kind in sorted(chosen("local", "provision.yml")["instances_counts"])]
    assert f"Stage local has {' and '.join(lacking)}" in said
    assert "make provision STAGE=local" in said


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_deployed_is_said_in_variables_of_roles(stage: str) -> None:
    public = {name for role in ROLES.iterdir() for name in read_options(role)}
    assert set(chosen(stage, "release.yml")) <= public


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_the_same_files(stage: str) -> None:
    """Beside them: what stages of the local cloud share, and what a move from one old server needs and finds."""
    names = {path.name for path in (ROOT / inventory_of(stage) / "group_vars/all").iterdir()}
    own = {"local_cloud.yml", "modernize.yml", "old_server.yml"} | ({"stage.yml"} if stage in LAB else set())
    assert names - own == {"main.yml", "provision.yml", "release.yml", "secrets.yml"}


def test_another_application_shares_no_choice_with_the_first() -> None:
    first, other = chosen("local", "release.yml"), chosen("another", "release.yml")
    equal = {name for name in first.keys() & other.keys() if first[name] == other[name]}
    assert equal <= {"release_version", "gunicorn_start_timeout"}


def test_the_guide_goes_through_every_choice_of_the_other_stage() -> None:
    guide = (ROOT / "docs/guides/another_application.md").read_text(encoding="utf-8")
    files = ("main.yml", "provision.yml", "release.yml", "secrets.yml")
    choices = {name for file in files for name in chosen("another", file)}
    assert [name for name in sorted(choices) if f"`{name}`" not in guide] == []
