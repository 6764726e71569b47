# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage with every part that is optional."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.provision.stage import Stage

PROFILED_ROLES = ["web", "scheduler"]
# What inventories/local leaves out, because it would prove nothing there.
WHOLE: dict[str, Any] = {
    "stage_hosts_have_credentials": True,
    # One that keeps backups, and one that does not: each role costs seconds in each run.
    "instance_profiles_roles": PROFILED_ROLES,
    "instance_profiles_application": {"web": [{"Sid": "SendEmails", "Action": "ses:SendEmail", "Resource": "*"}]},
    "bucket_lifecycle": True,
    # A fleet on its way from one distribution to the next.
    "instances_images": {"web2": "/aws/service/debian/release/13/latest/amd64"},
    "network_old_server_cidr": "10.77.0.50/32",
    # AMY's.
    "longest_request": 60,
    "load_balancer_ip_address_type": "dualstack",
    "load_balancer_redirect_http": True,
    "monitoring_emails": ["operators@carpentries.test"],
    "stage_takes_figures": True,
    "stage_secrets": [
        "database_password",
        "mailgun_api_key",
        "redis_admin_password",
        "redis_application_password",
        "secret_key",
    ],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Return a stage on which nothing has been provisioned yet; a module's CHOICES are added to it."""
    made = Stage(tmp_path_factory.mktemp("stage"), {**WHOLE, **getattr(request.module, "CHOICES", {})})
    yield made
    made.end()
