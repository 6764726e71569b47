# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory Redis may take: half of the host's, in steps that another kernel does not cross."""

from __future__ import annotations

import pytest

from tests.templates.rendering import evaluate


@pytest.mark.parametrize(
    ("memory", "chosen", "limit"),
    [
        (1938, "", "960mb"),
        (1951, "", "960mb"),
        (3900, "", "1920mb"),
        # 0 would be no limit at all.
        (100, "", "64mb"),
        (1938, "700mb", "700mb"),
    ],
)
def test_the_limit_is_a_step_at_or_below_half(memory: int, chosen: str, limit: str) -> None:
    given = {"ansible_facts": {"memtotal_mb": memory}, "redis_maxmemory": chosen}
    assert evaluate("redis", "__redis_maxmemory", **given) == limit
