# SPDX-License-Identifier: GPL-3.0-or-later
"""Every service of the local cloud."""

from __future__ import annotations

from .acme import Acme
from .balancer.service import Balancer
from .databases import Databases
from .firewall import Firewall
from .instances import Instances
from .metadata import Metadata
from .resolver import Resolver
from .service import Service, World
from .settings import Settings
from .shared_files import SharedFiles
from .stage import Stage


def services(settings: Settings, world: World) -> list[Service]:
    """Return the services in the order in which they act: what an instance needs exists before it."""
    return [
        SharedFiles(settings, world),
        Instances(settings, world),
        Metadata(settings, world),
        Resolver(settings, world),
        Acme(settings, world),
        Databases(settings, world),
        Firewall(settings, world),
        Balancer(settings, world),
        Stage(settings, world),
    ]
