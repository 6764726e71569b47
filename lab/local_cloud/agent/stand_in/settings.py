# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's configuration, as far as the stand-in follows it: logs. Metrics are read and not sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = Path("/opt/aws/amazon-cloudwatch-agent")
FOLDER = HOME / "etc" / "amazon-cloudwatch-agent.d"


class SettingsError(Exception):
    """The configuration cannot be worked with."""


@dataclass(frozen=True)
class Source:
    """A log file and its stream."""

    path: Path
    group: str
    stream: str
    retention_days: int | None
    start_pattern: str | None
    timestamp_format: str | None


@dataclass(frozen=True)
class Settings:
    """What is to be done. `flush` is seconds between two deliveries."""

    sources: tuple[Source, ...]
    endpoint: str
    region: str
    flush: float


def read(files: Iterable[Path], region: Callable[[], str]) -> Settings:
    """Return what the files together say; `region` is asked if they do not say it. Raises SettingsError."""
    try:
        return _settings([json.loads(file.read_text(encoding="utf-8")) for file in files], region)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, re.error) as error:
        raise SettingsError(f"{type(error).__name__}: {error}") from error


def _settings(documents: list[dict[str, Any]], region: Callable[[], str]) -> Settings:
    agent: dict[str, Any] = {}
    logs: dict[str, Any] = {}
    sources: list[Source] = []
    for document in documents:
        agent |= document.get("agent", {})
        section = document.get("logs", {})
        logs |= section
        entries = section.get("logs_collected", {}).get("files", {}).get("collect_list", [])
        sources += [_source(entry) for entry in entries]
    where = agent.get("region") or region()
    return Settings(
        sources=tuple(sources),
        endpoint=logs.get("endpoint_override") or f"https://logs.{where}.amazonaws.com",
        region=where,
        flush=float(logs.get("force_flush_interval", 5)),
    )


def _source(entry: dict[str, Any]) -> Source:
    re.compile(entry.get("multi_line_start_pattern", ""))
    return Source(
        path=Path(entry["file_path"]),
        group=entry["log_group_name"],
        stream=entry["log_stream_name"],
        retention_days=entry.get("retention_in_days"),
        start_pattern=entry.get("multi_line_start_pattern"),
        timestamp_format=entry.get("timestamp_format"),
    )
