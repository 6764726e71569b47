# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted is what is in Redis, and what cannot be counted is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from figures import main, metric_line, queue_figures

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z


class Redis:
    """As much of a client as is asked, over dictionaries."""

    def __init__(self, lists: dict[str, list[bytes]], sets: dict[str, dict[bytes, float]], hashes: Any) -> None:
        self._lists, self._sets, self._hashes = lists, sets, hashes

    def llen(self, key: str) -> int:
        return len(self._lists.get(key, []))

    def lindex(self, key: str, index: int) -> bytes | None:
        return self._lists[key][index] if self._lists.get(key) else None

    def zcard(self, key: str) -> int:
        return len(self._sets.get(key, {}))

    def zrange(self, key: str, first: int, last: int, *, withscores: bool) -> list[tuple[bytes, float]]:
        assert withscores
        ordered = sorted(self._sets.get(key, {}).items(), key=lambda item: item[1])
        return ordered[first : last + 1]

    def hget(self, key: str, field: str) -> bytes | None:
        found: bytes | None = self._hashes.get(key, {}).get(field)
        return found


def test_empty_redis() -> None:
    assert set(queue_figures(Redis({}, {}, {}), ["default"], now=NOW).values()) == {0}


def test_counts_and_ages() -> None:
    client = Redis(
        {"rq:queue:default": [b"a", b"b"], "rq:queue:mail": [b"c"]},
        {"rq:failed:mail": {b"f": 1.0}, "rq:scheduler:scheduled_jobs": {b"s": NOW - 90, b"t": NOW + 90}},
        {"rq:job:a": {"enqueued_at": b"2026-09-21T14:12:50.000000Z"}, "rq:job:c": {"enqueued_at": b"?"}},
    )
    assert queue_figures(client, ["default", "mail"], now=NOW) == {
        "QueuedJobs": 3,
        "OldestQueuedSeconds": 30.0,
        "FailedJobs": 1,
        "ScheduledJobs": 2,
        "OldestOverdueSeconds": 90.0,
    }


def test_line_is_an_entry_and_metrics() -> None:
    line = metric_line(
        namespace="amy",
        stage="test",
        figures={"QueuedJobs": 3, "BackupAgeSeconds": 60.5},
        notes={"Release": "v1"},
        now=NOW,
    )
    entry = json.loads(line)
    described = entry["_aws"]["CloudWatchMetrics"][0]
    assert entry["_aws"]["Timestamp"] == NOW * 1000
    assert described["Dimensions"] == [["Stage"]]
    units = {metric["Name"]: metric["Unit"] for metric in described["Metrics"]}
    assert units == {"QueuedJobs": "Count", "BackupAgeSeconds": "Seconds"}
    assert {name: entry[name] for name in ("Stage", "Release", *units)} == {
        "Stage": "test", "Release": "v1", "QueuedJobs": 3, "BackupAgeSeconds": 60.5
    }  # fmt: skip


def take(folder: Path, **choices: Any) -> dict[str, Any]:
    """The entry of one run of the program."""
    settings = {
        "stage": "test",
        "namespace": "amy",
        "redis_url": "",
        "queues": ["default"],
        "site_root": str(folder),
        "backup_command": [],
        "log_file": str(folder / "figures.log"),
    }
    (folder / "settings.json").write_text(json.dumps(settings | choices))
    assert main(str(folder / "settings.json")) == 0
    entry: dict[str, Any] = json.loads((folder / "figures.log").read_text())
    return entry


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("print('{\"age\": 7}')", {"BackupAgeSeconds": 7.0}),
        ("import sys; sys.exit('There is no backup')", {"BackupError": "There is no backup\n"}),
    ],
)
def test_what_cannot_be_taken_is_a_note(script: str, expected: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "releases/v1").mkdir(parents=True)
    (tmp_path / "repo").symlink_to(tmp_path / "releases/v1")
    command = [sys.executable, "-c", script]
    entry = take(tmp_path, redis_url=f"unix://{tmp_path}/absent.sock", backup_command=command)
    assert entry["Release"] == "v1"
    assert "absent.sock" in entry["QueueError"]
    assert "QueuedJobs" not in entry
    assert expected.items() <= entry.items()


def test_without_queues_there_is_nothing_to_count(tmp_path: Path) -> None:
    assert set(take(tmp_path)) == {"_aws", "Stage", "Release"}
