# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles publish is what the CloudWatch agent can work with, and tells entries of their logs apart."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plugins.module_utils.cloudwatch.check import problems
from plugins.module_utils.cloudwatch.compose import compose
from plugins.module_utils.cloudwatch.patterns import timestamp_pattern
from tests.templates.rendering import ROLES, published_facts

TELLING_ROLES = sorted(file.parent.parent.name for file in ROLES.glob("*/tasks/publish_sources.yml"))


def sources() -> dict[str, dict[str, Any]]:
    """Every role's, by their names."""
    return {source["name"]: source for role in TELLING_ROLES for source in published_facts(role)[f"{role}_log_sources"]}


def test_all_that_is_published_makes_a_configuration() -> None:
    processes = [process for role in TELLING_ROLES for process in published_facts(role).get(f"{role}_processes", [])]
    facts: dict[str, Any] = {"host": "web1", "group": "/amy/test", "retention_days": 30, "interval": 60}
    composed = compose(sources=list(sources().values()), processes=processes, namespace="amy/test", **facts)
    assert problems(composed) == []
    assert len(sources()) == len(composed["logs"]["logs_collected"]["files"]["collect_list"]) >= 10


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("gunicorn", '[25/Nov/2026:01:31:29 +0000] Root=1-67 192.0.2.7 "GET / HTTP/1.1" 200 5 12'),
        ("gunicorn", "[2026-11-25 01:31:29 +0000] [7] [INFO] Booting worker with pid: 7"),
        ("gunicorn", "2026-11-25 01:31:29,123 ERROR django.request: Internal Server Error: /"),
        ("nginx-error", "2026/11/25 01:31:29 [error] 7#7: *1 connect() failed"),
        ("rqworker", "01:31:29 default: mail.send() (0a1b)"),
        ("rqscheduler", "[2026-11-25 01:31:29,123] INFO queued"),
        ("redis", "7:M 25 Nov 2026 01:31:29.123 * Ready to accept connections tcp"),
    ],
)
def test_line_begins_an_entry(source: str, line: str) -> None:
    assert re.search(sources()[source]["start_pattern"], line)


@pytest.mark.parametrize("source", ["gunicorn", "nginx-error", "rqworker", "rqscheduler", "redis"])
@pytest.mark.parametrize(
    "line",
    ["Traceback (most recent call last):", '  File "/srv/x.py", line 1, in f', "ValueError: [2026] 01:31:29", ""],
)
def test_line_of_a_traceback_does_not(source: str, line: str) -> None:
    assert not re.search(sources()[source]["start_pattern"], line)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("nginx-access", '{"time":"2026-11-25T01:31:29+00:00","request_id":"Root=1-67"}'),
        ("nginx-error", "2026/11/25 01:31:29 [error] 7#7: *1 connect() failed"),
        ("gunicorn", '[25/Nov/2026:01:31:29 +0000] Root=1-67 192.0.2.7 "GET / HTTP/1.1" 200 5 12'),
        ("supervisor", "2026-11-25 01:31:29,123 INFO spawned: 'gunicorn' with pid 7"),
        ("redis", "7:M 25 Nov 2026 01:31:29.123 * Ready to accept connections tcp"),
        ("deploys", '{"time": "2026-11-25T01:31:29.000Z", "from": null}'),
        ("backup", '{"time": "2026-11-25T01:31:29+00:00", "command": "backup"}'),
    ],
)
def test_time_of_an_entry_is_found(source: str, line: str) -> None:
    assert re.search(timestamp_pattern(sources()[source]["timestamp_format"]), line)
