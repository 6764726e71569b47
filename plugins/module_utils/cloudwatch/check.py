# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a configuration of the agent, and what its schema cannot see. Pure, but for the look at files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable

from .patterns import TIMESTAMP_PLACEHOLDER, pattern_problem, timestamp_problem
from .shape import Key, shape_problems
from .vocabulary import APPENDED_DIMENSIONS, METRICS, RETENTION_DAYS

LONGEST_NAME = 512
TEXT, NUMBER, FLAG, MAP, LIST = str, int, bool, dict, list

TOP = {"agent": Key(MAP), "logs": Key(MAP), "metrics": Key(MAP)}
AGENT = {
    "metrics_collection_interval": Key(NUMBER, least=1),
    "region": Key(TEXT),
    "logfile": Key(TEXT),
    "debug": Key(FLAG),
    "run_as_user": Key(TEXT),
}
LOGS = {
    "logs_collected": Key(MAP, required=True),
    "log_stream_name": Key(TEXT),
    "force_flush_interval": Key(NUMBER, least=1),
    "endpoint_override": Key(TEXT),
}
FILE = {
    "file_path": Key(TEXT, required=True),
    # The agent would make a group of the file's name; here, all is in the stage's.
    "log_group_name": Key(TEXT, required=True),
    "log_stream_name": Key(TEXT, required=True),
    "retention_in_days": Key(NUMBER),
    "multi_line_start_pattern": Key(TEXT),
    "timestamp_format": Key(TEXT),
    "timezone": Key(TEXT),
    "encoding": Key(TEXT),
}
METRICS_SECTION = {
    "namespace": Key(TEXT),
    "append_dimensions": Key(MAP),
    "metrics_collected": Key(MAP, required=True),
    "force_flush_interval": Key(NUMBER, least=1),
    "endpoint_override": Key(TEXT),
}
MEASURED = {
    "measurement": Key(LIST, required=True),
    "metrics_collection_interval": Key(NUMBER, least=1),
    "resources": Key(LIST),
    "append_dimensions": Key(MAP),
    "drop_device": Key(FLAG),
    "totalcpu": Key(FLAG),
}
SELECTORS = ("pattern", "exe", "pid_file")
PROCESS = {**MEASURED, **{name: Key(TEXT) for name in SELECTORS}}


def problems(configuration: Mapping[str, Any]) -> list[str]:
    """Return a sentence for everything that is wrong; each begins with where it is. Empty if the agent may have it."""
    found = shape_problems("", configuration, TOP)
    if found:
        return found
    if not configuration.get("logs") and not configuration.get("metrics"):
        return ["There is neither 'logs' nor 'metrics': the agent would have nothing to do"]
    return [
        *shape_problems("agent", configuration.get("agent", {}), AGENT),
        *_if_present(configuration, "logs", _logs),
        *_if_present(configuration, "metrics", _metrics),
    ]


def missing_files(configuration: Mapping[str, Any], optional: Iterable[str]) -> list[str]:
    """Return a sentence for each file that is not on this host and is not declared optional."""
    excused = set(optional)
    files = configuration.get("logs", {}).get("logs_collected", {}).get("files", {}).get("collect_list", [])
    return [
        f"{file['file_path']} is not on this host and not declared optional"
        for file in files
        if file["file_path"] not in excused and not Path(file["file_path"]).is_file()
    ]


def _if_present(part: Mapping[str, Any], key: str, check: Callable[[Mapping[str, Any]], list[str]]) -> list[str]:
    return check(part[key]) if key in part else []


def _logs(logs: Mapping[str, Any]) -> list[str]:
    found = shape_problems("logs", logs, LOGS)
    if found:
        return found
    collected = logs["logs_collected"]
    found = shape_problems("logs.logs_collected", collected, {"files": Key(MAP, required=True)})
    found = found or shape_problems("logs.logs_collected.files", collected["files"], {"collect_list": Key(LIST, True)})
    if found:
        return found
    entries = collected["files"]["collect_list"]
    if not entries:
        return ["logs.logs_collected.files.collect_list is empty"]
    found = [problem for index, entry in enumerate(entries) for problem in _file(f"collect_list[{index}]", entry)]
    return found or [*_repeated(entries, "file_path"), *_repeated(entries, "log_stream_name"), *_retentions(entries)]


def _file(where: str, entry: Mapping[str, Any]) -> list[str]:
    found = shape_problems(where, entry, FILE)
    if found:
        return found
    path, pattern, form = entry["file_path"], entry.get("multi_line_start_pattern"), entry.get("timestamp_format")
    if not path.startswith("/"):
        found.append(f"{where}: file_path {path!r} is not absolute")
    for name in ("log_group_name", "log_stream_name"):
        if not 0 < len(entry[name]) <= LONGEST_NAME or set(entry[name]) & set(":*"):
            found.append(
                f"{where}: {name} {entry[name]!r} needs 1 to {LONGEST_NAME} characters, none of them ':' or '*'"
            )
    if entry.get("retention_in_days", 1) not in RETENTION_DAYS:
        found.append(
            f"{where}: retention_in_days {entry['retention_in_days']} is none of "
            f"{', '.join(map(str, sorted(RETENTION_DAYS)))}"
        )
    if form and timestamp_problem(form):
        found.append(f"{where}: timestamp_format {timestamp_problem(form)}")
    if pattern == TIMESTAMP_PLACEHOLDER and not form:
        found.append(f"{where}: multi_line_start_pattern is {pattern}, but there is no timestamp_format")
    elif pattern and pattern != TIMESTAMP_PLACEHOLDER and pattern_problem(pattern):
        found.append(f"{where}: multi_line_start_pattern {pattern_problem(pattern)}")
    if entry.get("timezone", "UTC") not in ("UTC", "Local", "LOCAL"):
        found.append(f"{where}: timezone {entry['timezone']!r} is neither UTC nor Local")
    return found


def _repeated(entries: list[Mapping[str, Any]], key: str) -> list[str]:
    values = [entry[key] for entry in entries]
    return [
        f"collect_list: {key} {value!r} is there twice" for value in sorted({v for v in values if values.count(v) > 1})
    ]


def _retentions(entries: list[Mapping[str, Any]]) -> list[str]:
    """The last one to be set would win, whichever that is."""
    retentions = {(entry["log_group_name"], entry.get("retention_in_days")) for entry in entries}
    groups = sorted(group for group, _retention in retentions)
    return [
        f"collect_list: {group!r} has several retentions" for group in sorted(set(groups)) if groups.count(group) > 1
    ]


def _metrics(metrics: Mapping[str, Any]) -> list[str]:
    found = shape_problems("metrics", metrics, METRICS_SECTION)
    if found:
        return found
    for name, value in metrics.get("append_dimensions", {}).items():
        if APPENDED_DIMENSIONS.get(name) != value:
            found.append(f"metrics.append_dimensions: {name}: {value!r} is none of {APPENDED_DIMENSIONS}")
    for plugin, section in metrics["metrics_collected"].items():
        where = f"metrics.metrics_collected.{plugin}"
        if plugin not in METRICS:
            found.append(f"{where} is unknown; known are {', '.join(sorted(METRICS))}")
        elif plugin == "procstat":
            found += _processes(where, section)
        else:
            found += _measured(where, plugin, section, MEASURED)
    return found


def _processes(where: str, section: Any) -> list[str]:
    if not isinstance(section, list) or not section:
        return [f"{where} must be a list with at least one process"]
    found = []
    for index, process in enumerate(section):
        here = f"{where}[{index}]"
        found += _measured(here, "procstat", process, PROCESS)
        chosen = [name for name in SELECTORS if name in process]
        if len(chosen) != 1:
            found.append(f"{here} needs one of {', '.join(SELECTORS)}, and has {len(chosen)}")
        found += [
            f"{here}: {name} {pattern_problem(str(process[name]))}"
            for name in chosen
            if name != "pid_file" and pattern_problem(str(process[name]))
        ]
    return found


def _measured(where: str, plugin: str, section: Any, keys: Mapping[str, Key]) -> list[str]:
    found = shape_problems(where, section, keys)
    if found:
        return found
    names = [str(name.get("name") if isinstance(name, dict) else name) for name in section["measurement"]]
    unknown = [name for name in names if name.removeprefix(f"{plugin}_") not in METRICS[plugin]]
    if not names:
        found.append(f"{where}: measurement is empty")
    return found + [f"{where}: the agent knows no metric {name!r} of {plugin}" for name in unknown]
