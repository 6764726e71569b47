# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage with every part that is optional."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.provision.stage import Stage

# What inventories/local leaves out, because it would prove nothing there.
WHOLE: dict[str, Any] = {
    "instance_profiles_roles": ["web", "worker", "scheduler", "redis"],
    "bucket_lifecycle": True,
    "network_old_server_cidr": "10.77.0.50/32",
    "load_balancer_ip_address_type": "dualstack",
    "load_balancer_redirect_http": True,
    "stage_secrets": [
        "database_password",
        "mailgun_api_key",
        "redis_admin_password",
        "redis_application_password",
        "secret_key",
    ],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a stage on which nothing has been provisioned yet."""
    made = Stage(tmp_path_factory.mktemp("stage"), WHOLE)
    yield made
    made.end()
