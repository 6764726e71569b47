# SPDX-License-Identifier: GPL-3.0-or-later
"""DynamoDB: every table has an id on AWS; dynamodb_table reads it."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from moto.dynamodb.models.table import Table


def install() -> None:
    """Add `TableId`, made of the table's ARN and its time of creation."""
    describe = Table.describe

    def describe_with_id(self: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        description: dict[str, Any] = describe(self, base_key)
        description[base_key]["TableId"] = str(uuid5(NAMESPACE_URL, f"{self.table_arn} {self.created_at}"))
        return description

    Table.describe = describe_with_id
