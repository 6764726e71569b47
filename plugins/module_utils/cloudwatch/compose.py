# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Composing the configuration from what roles publish: their logs and their processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from .vocabulary import APPENDED_DIMENSIONS

# Seconds after which events that have come in are sent, however few they are.
FLUSH_SECONDS = 5
HOST_METRICS: dict[str, dict[str, Any]] = {
    "mem": {"measurement": ["used_percent", "available"]},
    "swap": {"measurement": ["used_percent"]},
    "disk": {"measurement": ["used_percent", "inodes_free"], "resources": ["/"], "drop_device": True},
}
PROCESS_METRICS = ("cpu_usage", "memory_rss", "pid_count")


def compose(
    *,
    host: str,
    group: str,
    retention_days: int,
    sources: Sequence[Mapping[str, Any]],
    processes: Sequence[Mapping[str, str]],
    namespace: str,
    interval: int,
    region: str = "",
    endpoint_url: str = "",
) -> dict[str, Any]:
    """Return the agent's configuration: each source a stream `<host>/<source>` of the one log group.

    A source has `name` and `path`, and may have `start_pattern` (a line that does not match belongs to the event
    before), `timestamp_format` and `optional`; a process has a `name`, and a `pattern` of its command line.
    `interval` is seconds between two measurements.
    """
    override = {"endpoint_override": endpoint_url} if endpoint_url else {}
    measured = {
        **deepcopy(HOST_METRICS),
        **({"procstat": [_process(process) for process in processes]} if processes else {}),
    }
    return {
        "agent": {"metrics_collection_interval": interval, **({"region": region} if region else {})},
        "logs": {
            "logs_collected": {
                "files": {"collect_list": [_file(source, host, group, retention_days) for source in sources]}
            },
            "log_stream_name": f"{host}/other",
            "force_flush_interval": FLUSH_SECONDS,
            **override,
        },
        "metrics": {
            "namespace": namespace,
            "append_dimensions": {"InstanceId": APPENDED_DIMENSIONS["InstanceId"]},
            "metrics_collected": measured,
            **override,
        },
    }


def _file(source: Mapping[str, Any], host: str, group: str, retention_days: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "file_path": source["path"],
        "log_group_name": group,
        "log_stream_name": f"{host}/{source['name']}",
        "retention_in_days": retention_days,
    }
    if source.get("start_pattern"):
        entry["multi_line_start_pattern"] = source["start_pattern"]
    if source.get("timestamp_format"):
        entry["timestamp_format"] = source["timestamp_format"]
    return entry


def _process(process: Mapping[str, str]) -> dict[str, Any]:
    return {
        "pattern": process["pattern"],
        "measurement": list(PROCESS_METRICS),
        "append_dimensions": {"Process": process["name"]},
    }
