# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx with the rendered configuration, and an application behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.templates.nginx_site import Application, Site, application, configured, served


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Application]:
    """Give the application behind nginx, which answers as a test says."""
    with application(tmp_path / "application.sock") as behind:
        yield behind


@pytest.fixture
def site(tmp_path: Path, behind: Application) -> Iterator[Site]:
    """Give the site that visitors and the load balancer ask."""
    with served(configured(tmp_path), tmp_path) as site:
        yield site
