# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS has done to a database by itself is no difference, and is not asked to be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates.rendering import evaluate


def wanted(variable: str, there: dict[str, Any] | None, **choices: Any) -> Any:
    """What the role asks RDS for, which knows of the instance THERE."""
    return evaluate("database", variable, __database_found={"instances": [there] if there else []}, **choices)


@pytest.mark.parametrize(
    ("there", "chosen", "asked"),
    [
        (None, "15", "15"),
        ({"engine_version": "15.14"}, "15", "15.14"),
        ({"engine_version": "15.14", "pending_modified_values": {"engine_version": "15.15"}}, "15", "15.15"),
        ({"engine_version": "15.14"}, "15.15", "15.15"),
        ({"engine_version": "15.14"}, "16", "16"),
        ({"engine_version": "15.14"}, "1", "1"),
    ],
)
def test_a_minor_version_is_rdss_own_affair(there: dict[str, Any] | None, chosen: str, asked: str) -> None:
    assert wanted("__database_version", there, database_engine_version=chosen) == asked


@pytest.mark.parametrize(
    ("there", "size", "largest", "asked"),
    [
        (None, 20, 100, (20, 100)),
        (None, 20, 0, (20, 0)),
        ({"allocated_storage": 20, "max_allocated_storage": 100}, 20, 100, (20, 100)),
        # RDS has enlarged it.
        ({"allocated_storage": 32, "max_allocated_storage": 100}, 20, 100, (32, 100)),
        ({"allocated_storage": 32, "pending_modified_values": {"allocated_storage": 50}}, 20, 100, (50, 100)),
        ({"allocated_storage": 32, "max_allocated_storage": 100}, 50, 100, (50, 100)),
        # It is to grow no more; the second time RDS no longer speaks of it.
        ({"allocated_storage": 32, "max_allocated_storage": 100}, 20, 0, (32, 32)),
        ({"allocated_storage": 32}, 20, 0, (32, 0)),
        ({"allocated_storage": 100}, 20, 100, (100, 0)),
    ],
)
def test_storage_grows_only(there: dict[str, Any] | None, size: int, largest: int, asked: tuple[int, int]) -> None:
    choices = {"database_storage_size": size, "database_max_storage_size": largest}
    found = [wanted(f"__database_{limit}storage_size", there, **choices) for limit in ("", "max_")]
    assert tuple(int(value) for value in found) == asked
