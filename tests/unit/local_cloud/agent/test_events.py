# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from lab.local_cloud.agent.stand_in.batches import batches
from lab.local_cloud.agent.stand_in.events import Event, Timestamps
from lab.local_cloud.agent.stand_in.settings import SettingsError, read
from plugins.module_utils.cloudwatch.compose import compose

MOMENT = round(datetime(2026, 11, 25, 1, 31, 29, tzinfo=timezone.utc).timestamp() * 1000)


@pytest.mark.parametrize(
    ("form", "line", "milliseconds"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", "[25/Nov/2026:02:31:29 +0100] x", MOMENT),
        ("%Y-%m-%d %H:%M:%S,%f", "2026-11-25 01:31:29,120 INFO", MOMENT + 120),
        ("%Y-%m-%dT%H:%M:%S", '{"time":"2026-11-25T01:31:29+00:00"}', MOMENT),
        ("%-d %b %Y %H:%M:%S", "1:M 25 Nov 2026 01:31:29 * Ready", MOMENT),
        ("%Y-%m-%d", "Traceback", None),
        ("%Y-%m-%d", "2026-99-99", None),
        (None, "2026-11-25", None),
    ],
)
def test_time_in_a_line(form: str | None, line: str, milliseconds: int | None) -> None:
    assert Timestamps(form).find(line) == milliseconds


def test_batches_are_sorted_and_within_the_limits() -> None:
    day = 24 * 3600 * 1000
    parts = list(batches([Event(2 * day, "b"), Event(0, "a"), Event(1, "x" * 600_000), Event(2, "y" * 600_000)]))
    assert [[event.message[0] for event in part] for part in parts] == [["a", "x"], ["y"], ["b"]]
    assert [len(part) for part in batches([Event(0, "x")] * 10_001)] == [10_000, 1]


def test_reads_what_the_collection_composes(tmp_path: Path) -> None:
    path = tmp_path / "stage.json"
    sources = [{"name": "site", "path": "/srv/site.log", "start_pattern": r"^\["}]
    facts: dict[str, Any] = {
        "host": "web1",
        "group": "/amy/test",
        "retention_days": 7,
        "namespace": "amy",
        "interval": 60,
    }
    path.write_text(json.dumps(compose(sources=sources, processes=[], endpoint_url="http://127.0.0.1:1", **facts)))
    settings = read([path], lambda: "eu-west-1")
    assert (settings.endpoint, settings.region) == ("http://127.0.0.1:1", "eu-west-1")
    assert [(source.stream, source.start_pattern) for source in settings.sources] == [("web1/site", r"^\[")]


@pytest.mark.parametrize("text", ["{", '{"logs": {"logs_collected": {"files": {"collect_list": [{}]}}}}', "[]"])
def test_refuses_what_it_cannot_work_with(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stage.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        read([path], lambda: "eu-west-1")
