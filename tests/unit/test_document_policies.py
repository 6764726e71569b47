# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators' page on provisioning says what the code does."""

from __future__ import annotations

import pytest

from scripts.document_policies import PAGE, documented, read_security_groups
from scripts.generated import PlaceError


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == documented(page), "run: make document"


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(PlaceError, match="security groups"):
        documented("# Provisioning\n")


def test_only_the_load_balancer_is_open_to_the_world() -> None:
    world = ("0.0.0.0/0", "::/0")
    open_groups = {
        group["name"]
        for group in read_security_groups()
        for rule in group["rules"]
        if rule.get("cidr_ip") in world or rule.get("cidr_ipv6") in world
    }
    assert open_groups == {"load-balancer"}
