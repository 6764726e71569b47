# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from plugins.module_utils._aws_client import AwsError
from plugins.module_utils.cloudwatch.reader import ago, read

GROUP = "/amy/test"
NOW = datetime.now(timezone.utc)


@pytest.fixture
def client(aws: Callable[[str], Any]) -> Any:
    """CloudWatch Logs with a request in two streams of web1 and in one of web2, the latest first."""
    logs = aws("logs")
    logs.create_log_group(logGroupName=GROUP)
    for stream, minutes, message in (
        ("web1/gunicorn", 1, 'id-1 "GET /" 200'),
        ("web1/nginx-access", 2, '{"request_id": "id-1"}'),
        ("web2/nginx-access", 3, '{"request_id": "id-2"}'),
        ("web2/gunicorn", 90, 'id-0 "GET /" 200'),
    ):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        event = {"timestamp": round((NOW - timedelta(minutes=minutes)).timestamp() * 1000), "message": message}
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=[event])
    return logs


def streams(client: Any, **overrides: Any) -> list[str]:
    wanted: dict[str, Any] = {"since": NOW - timedelta(minutes=10), "text": "", "host": "", "limit": 10, **overrides}
    return [entry.stream for entry in read(client, group=GROUP, **wanted)[0]]


def test_events_of_all_streams_in_their_order(client: Any) -> None:
    assert streams(client) == ["web2/nginx-access", "web1/nginx-access", "web1/gunicorn"]
    assert len(streams(client, since=NOW - timedelta(hours=2))) == 4


def test_one_request_in_every_log(client: Any) -> None:
    assert streams(client, text="id-1") == ["web1/nginx-access", "web1/gunicorn"]
    assert streams(client, text='id-1 "GET') == ["web1/gunicorn"]
    assert streams(client, text='_id": "id-2') == ["web2/nginx-access"]
    assert streams(client, text='id-1" GET') == []


def test_one_host(client: Any) -> None:
    assert streams(client, host="web2") == ["web2/nginx-access"]


def test_only_the_latest_are_kept_and_that_is_said(client: Any) -> None:
    wanted: dict[str, Any] = {"group": GROUP, "since": NOW - timedelta(minutes=10), "text": "", "host": ""}
    entries, truncated = read(client, limit=2, **wanted)
    assert ([entry.stream for entry in entries], truncated) == (["web1/nginx-access", "web1/gunicorn"], True)
    assert read(client, limit=3, **wanted)[1] is False


def test_entry_reads_as_a_line(client: Any) -> None:
    entries, _ = read(client, group=GROUP, since=NOW - timedelta(minutes=10), text="id-2", host="", limit=1)
    moment = NOW - timedelta(minutes=3)
    assert str(entries[0]) == f'{moment:%Y-%m-%d %H:%M:%S} web2/nginx-access: {{"request_id": "id-2"}}'


def test_absent_group_is_explained(client: Any) -> None:
    with pytest.raises(AwsError, match="No host has written to it yet"):
        read(client, group="/amy/absent", since=NOW, text="", host="", limit=1)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1w", 604800)])
def test_ago(text: str, seconds: int) -> None:
    assert ago(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "10 minutes", "-5m"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(ValueError, match="for example 10m"):
        ago(text)
