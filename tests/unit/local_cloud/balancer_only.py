# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane with nothing but the load balancer: `python balancer_only.py DIRECTORY PORT FIRST_ADDRESS`."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address
from pathlib import Path

from lab.local_cloud.balancer.service import Balancer
from lab.local_cloud.server import ControlPlane
from lab.local_cloud.service import World
from lab.local_cloud.settings import Settings

settings = Settings(
    directory=Path(sys.argv[1]),
    endpoint_port=int(sys.argv[2]),
    first_load_balancer=IPv4Address(sys.argv[3]),
    first_bridged_load_balancer=None,
    deregistration_lag=2.0,
)
world = World()
plane = ControlPlane(settings, world, [Balancer(settings, world)])
plane.start(["127.0.0.1"])
plane.run()
