# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings lead to a host that is to be removed, and which have what is not the application's."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.stage_settings import holding, leading_to

HOSTS = {"redis1": "10.20.0.7"}


@pytest.mark.parametrize(
    ("value", "leads"),
    [
        ("redis://amy:secret@10.20.0.7:6379/", True),
        ("redis://amy:secret@10.20.0.7/2", True),
        ("10.20.0.7", True),
        ("10.20.0.7.", True),
        ("redis1,other", True),
        ("redis1.internal:6379", True),
        ("redis://amy:secret@10.20.0.70:6379/", False),
        ("110.20.0.7", False),
        ("1.10.20.0.7.1", False),
        ("redis10", False),
        ("credis1", False),
        ("", False),
    ],
)
def test_an_address_is_found_as_a_whole(value: str, *, leads: bool) -> None:
    assert leading_to({"APP_REDIS_URL": value}, hosts=HOSTS) == ({"APP_REDIS_URL": "redis1"} if leads else {})


def test_a_host_without_an_address_is_found_by_its_name() -> None:
    assert leading_to({"A": "at redis1", "B": "elsewhere"}, hosts={"redis1": ""}) == {"A": "redis1"}


@pytest.mark.parametrize(
    ("value", "secret", "has"),
    [
        ("abc/ö", "abc/ö", True),
        ("postgres://amy:abc%2F%C3%B6@db:5432/amy", "abc/ö", True),
        ("postgres://amy:abc/%C3%B6@db:5432/amy", "abc/ö", True),
        ("postgres://amy_app:other@db:5432/amy", "abc/ö", False),
        ("anything", "", False),
    ],
)
def test_a_secret_is_found_however_it_is_written(value: str, secret: str, *, has: bool) -> None:
    assert holding({"DATABASE_URL": value}, withheld={"it": secret}) == ({"DATABASE_URL": "it"} if has else {})
