# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudWatch's dashboards: reading, putting, deleting."""

from __future__ import annotations

import json
from typing import Any

from .. import _aws_client as aws


class Dashboards:
    """The dashboards of an account; `client` is boto3's for CloudWatch. Its errors go through."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def body(self, name: str) -> dict[str, Any] | None:
        """The body of a dashboard; None without one."""
        try:
            with aws.translated(doing=f"read the dashboard {name}"):
                answer = self._client.get_dashboard(DashboardName=name)
        except aws.AwsError as error:
            if error.code in ("ResourceNotFound", "DashboardNotFoundError"):
                return None
            raise
        found: dict[str, Any] = json.loads(answer["DashboardBody"])
        return found

    def settle(self, name: str, body: dict[str, Any] | None) -> list[str]:
        """Put the dashboard, or delete it if `body` is None. Returns CloudWatch's remarks on the body."""
        if body is None:
            self._client.delete_dashboards(DashboardNames=[name])
            return []
        answer = self._client.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
        return [f"{said['DataPath']}: {said['Message']}" for said in answer.get("DashboardValidationMessages", [])]
