# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from lab.local_cloud.containers import KILLED
from lab.local_cloud.machine_plan import Action, Machine, first_boot_files, free_address, hostname, known_hosts, plan

UP, DOWN, DEAD = Machine(running=True), Machine(running=False), Machine(running=False, exit_code=KILLED)


@pytest.mark.parametrize(
    ("state", "machine", "action"),
    [
        ("running", None, Action.CREATE),
        ("running", UP, None),
        ("running", DOWN, Action.START),
        ("pending", DOWN, Action.START),
        ("running", DEAD, None),
        ("stopped", UP, Action.STOP),
        ("stopping", UP, Action.STOP),
        ("stopped", DOWN, None),
        ("stopped", DEAD, None),
    ],
)
def test_machine_becomes_what_ec2_says(state: str, machine: Machine | None, action: Action | None) -> None:
    found = {"i-1": machine} if machine else {}
    assert plan({"i-1": state}, found) == ([("i-1", action)] if action else [])


def test_machine_that_ec2_does_not_know_goes() -> None:
    assert plan({}, {"i-1": UP}) == [("i-1", Action.REMOVE)]


def test_hostname_is_ec2s() -> None:
    address = IPv4Address("10.77.0.4")
    assert hostname(address, "us-east-1") == "ip-10-77-0-4.ec2.internal"
    assert hostname(address, "eu-west-1") == "ip-10-77-0-4.eu-west-1.compute.internal"


def test_first_boot_puts_keys_where_sshd_reads_them_and_reads_only_them() -> None:
    files = {
        file.path: file
        for file in first_boot_files(public_key="ssh-ed25519 AAAA me\n", user_data=b"#!/bin/sh\n", host_key=("s", "p"))
    }
    keys = files["/home/admin/.ssh/authorized_keys"]
    assert (keys.content, keys.mode, keys.uid) == (b"ssh-ed25519 AAAA me\n", 0o600, 1000)
    assert files["/etc/ssh/ssh_host_ed25519_key"].mode == 0o600
    assert files["/var/lib/cloud/instance/user-data.txt"].content == b"#!/bin/sh\n"


def test_first_boot_without_key_pair_and_user_data_has_the_host_key_only() -> None:
    files = first_boot_files(public_key=None, user_data=None, host_key=("s", "p"))
    assert {file.path for file in files} == {"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub"}


def test_free_address_is_the_highest() -> None:
    block = IPv4Network("10.77.0.248/29")
    assert free_address(block, {IPv4Address("10.77.0.254")}) == IPv4Address("10.77.0.253")
    with pytest.raises(LookupError, match="delete a database"):
        free_address(block, set(block.hosts()))


def test_known_hosts_has_a_line_a_machine() -> None:
    assert known_hosts({"10.77.0.5": "k5", "10.77.0.4": "k4"}) == "10.77.0.4 k4\n10.77.0.5 k5\n"
