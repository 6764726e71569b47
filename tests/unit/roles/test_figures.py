# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted is what is in Redis, and what cannot be counted is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from figures import last_refused, main, metric_line, queue_figures, server_figures, server_notes

from tests.servers.redis import redis_server

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


def info(**answers: Any) -> dict[str, Any]:
    """Redis's answer to INFO, as far as it is read."""
    return {
        "maxmemory": 200,
        "total_system_memory": 1000,
        "used_memory": 50,
        "rejected_connections": 7,
        "aof_last_write_status": "ok",
        "aof_last_bgrewrite_status": "ok",
        "rdb_last_bgsave_status": "ok",
        **answers,
    }


def test_a_server_that_is_well() -> None:
    assert server_figures(info(), refused_before=7) == {
        "RedisMemoryPercent": 25.0,
        "RedisPersistenceErrors": 0,
        "RedisRejectedConnections": 0,
    }
    assert "RedisError" not in server_notes(info())


def test_without_a_limit_redis_may_use_the_machines_memory() -> None:
    assert server_figures(info(maxmemory=0), refused_before=7)["RedisMemoryPercent"] == 5.0


def test_writes_that_have_failed_are_counted_and_named() -> None:
    broken = info(aof_last_write_status="err", rdb_last_bgsave_status="err")
    assert server_figures(broken, refused_before=7)["RedisPersistenceErrors"] == 2
    assert server_notes(broken)["RedisError"] == "aof_last_write_status, rdb_last_bgsave_status"


@pytest.mark.parametrize(
    ("before", "since"),
    [
        pytest.param(4, 3, id="since the last line"),
        pytest.param(None, 0, id="there is no line to compare with"),
        pytest.param(100, 7, id="Redis has been started since"),
    ],
)
def test_refused_connections_are_those_since_the_line_before(before: int | None, since: int) -> None:
    assert server_figures(info(), refused_before=before)["RedisRejectedConnections"] == since


def test_the_next_line_knows_the_count_of_the_last(tmp_path: Path) -> None:
    log = tmp_path / "figures.log"
    assert last_refused(log) is None
    log.write_text(metric_line(namespace="amy", stage="test", figures={}, notes=server_notes(info()), now=NOW))
    assert last_refused(log) == 7
    with log.open("a") as file:
        file.write(metric_line(namespace="amy", stage="test", figures={}, notes={"QueueError": "silent"}, now=NOW))
    assert last_refused(log) is None
    log.write_text("")
    assert last_refused(log) is None


def test_the_applications_user_may_ask_for_all_of_it(tmp_path: Path) -> None:
    with redis_server() as (socket, admin):
        admin.config_set("maxmemory", "100mb")
        settings = {
            "stage": "test",
            "namespace": "amy",
            "redis_url": f"unix://amy:application-password@{socket}?db=2",
            "queues": ["default"],
            "site_root": str(tmp_path),
            "backup_command": [],
            "backup_metric": "BackupAgeSeconds",
            "log_file": str(tmp_path / "figures.log"),
        }
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        main(str(tmp_path / "settings.json"))
    entry = json.loads((tmp_path / "figures.log").read_text())
    assert "QueueError" not in entry
    assert 0 < entry["RedisMemoryPercent"] < 10
    assert (entry["QueuedJobs"], entry["RedisPersistenceErrors"], entry["RedisRejectedConnections"]) == (0, 0, 0)


def test_line_is_an_entry_and_metrics() -> None:
    line = metric_line(
        namespace="amy",
        stage="test",
        figures={"QueuedJobs": 3, "BackupAgeSeconds": 60.5, "RedisMemoryPercent": 25.0},
        notes={"Release": "v1"},
        now=NOW,
    )
    entry = json.loads(line)
    described = entry["_aws"]["CloudWatchMetrics"][0]
    assert entry["_aws"]["Timestamp"] == NOW * 1000
    assert described["Dimensions"] == [["Stage"]]
    units = {metric["Name"]: metric["Unit"] for metric in described["Metrics"]}
    assert units == {"QueuedJobs": "Count", "BackupAgeSeconds": "Seconds", "RedisMemoryPercent": "Percent"}
    assert {name: entry[name] for name in ("Stage", "Release", *units)} == {
        "Stage": "test", "Release": "v1", "QueuedJobs": 3, "BackupAgeSeconds": 60.5, "RedisMemoryPercent": 25.0
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
        "backup_metric": "BackupAgeSeconds",
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


def test_a_host_that_only_keeps_backups_tells_their_age_under_their_own_name(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('{\"age\": 7}')"]
    entry = take(tmp_path, backup_command=command, backup_metric="RedisBackupAgeSeconds")
    assert (entry["RedisBackupAgeSeconds"], "BackupAgeSeconds" in entry) == (7.0, False)
    assert entry["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "RedisBackupAgeSeconds", "Unit": "Seconds"}]
