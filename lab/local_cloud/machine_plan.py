# SPDX-License-Identifier: GPL-3.0-or-later
"""What must happen to containers so that they are what EC2 says. Nothing here touches a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from lab.local_cloud.containers import KILLED, File

ADMIN = "admin"
ADMIN_UID = 1000


class Action(Enum):
    """A step of a plan."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A container found: whether it runs, and if not, how its first process ended."""

    running: bool
    exit_code: int = 0


def plan(wanted: Mapping[str, str], found: Mapping[str, Machine]) -> list[tuple[str, Action]]:
    """Steps from the machines found to the EC2 states wanted (`running`, `stopped`, ...), by instance id.

    A machine whose power was cut stays dead although EC2 calls it running: only StartInstances or RebootInstances
    bring it back, as they would a crashed one on AWS.
    """
    steps = [(name, Action.REMOVE) for name in found if name not in wanted]
    for name, state in wanted.items():
        machine = found.get(name)
        stopped = state in ("stopping", "stopped")
        if machine is None:
            steps.append((name, Action.CREATE))
        if machine and machine.running and stopped:
            steps.append((name, Action.STOP))
        if machine and not machine.running and not stopped and machine.exit_code != KILLED:
            steps.append((name, Action.START))
    return steps


def hostname(address: IPv4Address, region: str) -> str:
    """EC2's private DNS name for an address, by its type "IP name"."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{str(address).replace('.', '-')}.{domain}"


def first_boot_files(*, public_key: str | None, user_data: bytes | None, host_key: tuple[str, str]) -> list[File]:
    """What cloud-init would have fetched when the machine first starts; `host_key` is (private, public)."""
    private, public = host_key
    files = [
        File.text("/etc/ssh/ssh_host_ed25519_key", private, mode=0o600),
        File.text("/etc/ssh/ssh_host_ed25519_key.pub", f"{public}\n"),
    ]
    if public_key:
        keys = f"/home/{ADMIN}/.ssh/authorized_keys"
        files.append(File.text(keys, f"{public_key.strip()}\n", mode=0o600, uid=ADMIN_UID))
    if user_data:
        files.append(File(path="/var/lib/cloud/instance/user-data.txt", content=user_data, mode=0o600))
    return files


def free_address(block: IPv4Network, taken: set[IPv4Address]) -> IPv4Address:
    """The highest free address of `block`, as Docker gives out the lowest; LookupError if none is left."""
    for address in reversed(list(block.hosts())):
        if address not in taken:
            return address
    raise LookupError(f"no address of {block} is free; delete a database instance")


def known_hosts(keys: Mapping[str, str]) -> str:
    """The text of an OpenSSH known_hosts file, from public host keys by address."""
    return "".join(f"{address} {key}\n" for address, key in sorted(keys.items()))
