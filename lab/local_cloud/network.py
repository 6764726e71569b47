# SPDX-License-Identifier: GPL-3.0-or-later
"""The VPC of the local stage: one Docker bridge network whose subnet is the VPC's address block."""

from __future__ import annotations

import subprocess

import docker
from docker.types import IPAMConfig, IPAMPool

from lab.local_cloud.settings import Settings


def ensure_network(settings: Settings) -> None:
    """Create the network unless it exists. Raises docker.errors.APIError when its addresses are taken by another."""
    client = docker.from_env()
    if client.networks.list(names=[f"^{settings.network_name}$"]):
        return
    pool = IPAMPool(subnet=str(settings.network), gateway=str(settings.gateway), iprange=str(settings.docker_range))
    client.networks.create(
        settings.network_name,
        driver="bridge",
        ipam=IPAMConfig(pool_configs=[pool]),
        options={"com.docker.network.bridge.name": settings.bridge},
        labels={settings.label: str(settings.directory)},  # whose it is: `up` refuses to share it
    )


def ensure_address(settings: Settings, address: str) -> None:
    """Let this computer have `address` on the bridge, beside the gateway's. Raises subprocess.CalledProcessError."""
    command = ["ip", "address", "replace", f"{address}/32", "dev", settings.bridge]
    subprocess.run(command, capture_output=True, check=True)


def remove_network(settings: Settings) -> None:
    """Remove the network if it exists; containers still on it are detached first, as they are strangers."""
    client = docker.from_env()
    for network in client.networks.list(names=[f"^{settings.network_name}$"], greedy=True):
        for container in network.containers:
            network.disconnect(container, force=True)
        network.remove()
