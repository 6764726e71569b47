#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`amy-figures SETTINGS`: take a stage's figures once, and append them to a log.

The line is in CloudWatch's embedded metric format: an entry of a log that is also a set of metrics. What cannot be
taken is a note in it, not a figure: an alarm on a missing metric then tells. Runs with the distribution's own Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import redis

SECONDS = 20
SCHEDULED = "rq:scheduler:scheduled_jobs"
# What INFO says of the last time that Redis wrote to its disk: each should be "ok".
WRITES = ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status")
# A note of each line, for the next one.
REFUSED = "RedisRejectedSinceStart"
LONGEST_LINE = 1 << 16  # bytes
# The program tells the age of the newest backup, but fails if it is above the age that it is given.
ANY_AGE = str(10**9)


def main(settings_file: str) -> int:
    """Append one line. Raises OSError if there is no place for it."""
    settings: dict[str, Any] = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    figures: dict[str, float] = {}
    notes: dict[str, Any] = {"Release": release(Path(settings["site_root"]))}
    if settings["redis_url"]:
        # Later versions always decode %xx in a URL's user and password, and no longer know the option.
        decoding = {"decode_components": True} if redis.__version__.startswith("3.") else {}
        try:
            client = redis.Redis.from_url(
                settings["redis_url"], socket_timeout=SECONDS, socket_connect_timeout=SECONDS, **decoding
            )
            figures |= queue_figures(client, settings["queues"], now=time.time())
            server = client.info()
            figures |= server_figures(server, refused_before=last_refused(Path(settings["log_file"])))
            notes |= server_notes(server)
        except redis.RedisError as error:
            notes["QueueError"] = str(error)
    if settings["backup_command"]:
        try:
            figures[settings["backup_metric"]] = backup_age(settings["backup_command"])
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            notes["BackupError"] = getattr(error, "stderr", None) or str(error)
    line = metric_line(
        namespace=settings["namespace"], stage=settings["stage"], figures=figures, notes=notes, now=time.time()
    )
    with Path(settings["log_file"]).open("a", encoding="utf-8") as log:
        log.write(line)
    return 0


def release(site_root: Path) -> str:
    """Return the id of the active release; an empty text before the first deploy."""
    link = site_root / "repo"
    return link.resolve().name if link.is_symlink() else ""


def backup_age(command: list[str]) -> float:
    """Return the newest backup's age in seconds. Raises SubprocessError if there is none."""
    done = subprocess.run([*command, "--max-age", ANY_AGE], check=True, capture_output=True, text=True, timeout=SECONDS)
    return float(json.loads(done.stdout)["age"])


def queue_figures(client: Any, queues: Sequence[str], *, now: float) -> dict[str, float]:
    """Return what waits, what has failed, and what is late; ages are seconds, `now` is seconds since 1970.

    Keys are read as they are: RQ's own classes would run a job's pickle, and delete what they find stale. A job is
    overdue as long as the scheduler has not queued it though its time has come.
    """
    scheduled = client.zrange(SCHEDULED, 0, 0, withscores=True)
    return {
        "QueuedJobs": sum(client.llen(f"rq:queue:{queue}") for queue in queues),
        "OldestQueuedSeconds": max((_age(client, queue, now) for queue in queues), default=0.0),
        "FailedJobs": sum(client.zcard(f"rq:failed:{queue}") for queue in queues),
        "ScheduledJobs": client.zcard(SCHEDULED),
        "OldestOverdueSeconds": max(0.0, round(now - scheduled[0][1], 1)) if scheduled else 0.0,
    }


def server_figures(server: Mapping[str, Any], *, refused_before: int | None) -> dict[str, float]:
    """Return how Redis itself is, from its answer to INFO.

    It counts refused connections from its start on; `refused_before` is the last line's count, None if not known.
    """
    limit = server["maxmemory"] or server["total_system_memory"]
    refused = server["rejected_connections"]
    before = refused if refused_before is None else refused_before
    return {
        "RedisMemoryPercent": round(100 * server["used_memory"] / limit, 1),
        "RedisPersistenceErrors": len(_failed_writes(server)),
        # Fewer than before: Redis has been started since.
        "RedisRejectedConnections": refused - before if refused >= before else refused,
    }


def server_notes(server: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is no metric: which writes have failed, and the count of refused connections for the next line."""
    failed = _failed_writes(server)
    return {REFUSED: server["rejected_connections"], **({"RedisError": ", ".join(failed)} if failed else {})}


def last_refused(log: Path) -> int | None:
    """Return the count of refused connections in the log's last line; None if it has none, as after a rotation."""
    try:
        with log.open("rb") as file:
            file.seek(-min(log.stat().st_size, LONGEST_LINE), os.SEEK_END)
            return int(json.loads(file.read().splitlines()[-1])[REFUSED])
    except (OSError, LookupError, ValueError):
        return None


def metric_line(
    *, namespace: str, stage: str, figures: Mapping[str, float], notes: Mapping[str, Any], now: float
) -> str:
    """Return the line; `notes` are searched for in the log, and are no metrics. `now` is seconds since 1970.

    A figure whose name ends with `Seconds` is a time, with `Percent` a share, any other one a count.
    """
    metrics = [{"Name": name, "Unit": _unit(name)} for name in figures]
    described = [{"Namespace": namespace, "Dimensions": [["Stage"]], "Metrics": metrics}] if metrics else []
    entry = {"_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": described}, "Stage": stage}
    return json.dumps({**entry, **notes, **figures}) + "\n"


def _unit(name: str) -> str:
    return next((unit for unit in ("Seconds", "Percent") if name.endswith(unit)), "Count")


def _failed_writes(server: Mapping[str, Any]) -> list[str]:
    """The names of the states that INFO gives of what Redis writes to its disk, if they are not as they should be."""
    return [name for name in WRITES if server.get(name, "ok") != "ok"]


def _age(client: Any, queue: str, now: float) -> float:
    """How long the queue's next job has waited; 0 if there is none, or if it does not say."""
    first = client.lindex(f"rq:queue:{queue}", 0)
    queued = first and client.hget(f"rq:job:{first.decode()}", "enqueued_at")
    if not queued:
        return 0.0
    try:
        moment = datetime.strptime(queued.decode(), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0.0
    return max(0.0, round(now - moment.timestamp(), 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
