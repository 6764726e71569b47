# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs, as far as an agent speaks to it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from .events import Event
from .signing import Credentials, signed_headers

SECONDS = 20.0


class LogsError(Exception):
    """CloudWatch Logs refuses a call or does not answer; `kind` is its own word for why."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class LogsClient:
    """Calls of one region. `credentials` is asked before each of them."""

    def __init__(self, *, endpoint: str, region: str, credentials: Callable[[], Credentials]) -> None:
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials

    def put(self, group: str, stream: str, retention_days: int | None, events: list[Event]) -> None:
        """Write events to a stream, made with its group if it is not there yet. Raises LogsError."""
        body = {
            "logGroupName": group,
            "logStreamName": stream,
            "logEvents": [{"timestamp": event.timestamp, "message": event.message} for event in events],
        }
        try:
            self._call("PutLogEvents", body)
        except LogsError as error:
            if error.kind != "ResourceNotFoundException":
                raise
            self._make(group, stream, retention_days)
            self._call("PutLogEvents", body)

    def _make(self, group: str, stream: str, retention_days: int | None) -> None:
        self._make_one("CreateLogGroup", {"logGroupName": group})
        if retention_days:
            self._call("PutRetentionPolicy", {"logGroupName": group, "retentionInDays": retention_days})
        self._make_one("CreateLogStream", {"logGroupName": group, "logStreamName": stream})

    def _make_one(self, action: str, body: dict[str, Any]) -> None:
        """Another host may have been quicker."""
        try:
            self._call(action, body)
        except LogsError as error:
            if error.kind != "ResourceAlreadyExistsException":
                raise

    def _call(self, action: str, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        headers = signed_headers(
            url=self._endpoint,
            body=data,
            headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Logs_20140328.{action}"},
            service="logs",
            region=self._region,
            credentials=self._credentials(),
            now=datetime.now(timezone.utc),
        )
        request = urllib.request.Request(self._endpoint, data, headers)  # noqa: S310  # its own configuration's
        try:
            urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except OSError as error:
            raise LogsError("NoAnswer", str(error)) from error


def _refusal(error: urllib.error.HTTPError) -> LogsError:
    text = error.read().decode(errors="replace")
    try:
        answer = json.loads(text)
        return LogsError(answer["__type"].rpartition("#")[2], answer.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return LogsError(str(error.code), text[:200])
