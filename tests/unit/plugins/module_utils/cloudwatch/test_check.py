# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule refuses what breaks it, and names the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.cloudwatch.check import missing_files, problems
from plugins.module_utils.cloudwatch.compose import compose

SOURCES = [
    {"name": "syslog", "path": "/var/log/syslog"},
    {
        "name": "gunicorn",
        "path": "/srv/gunicorn.log",
        "start_pattern": r"^\[",
        "timestamp_format": "%d/%b/%Y:%H:%M:%S %z",
    },
    {"name": "redis", "path": "/srv/redis.log", "start_pattern": "{timestamp_format}", "timestamp_format": "%d %b %Y"},
]
PROCESSES = [{"name": "nginx", "pattern": "^nginx: master"}]


def configuration(**overrides: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "host": "web1",
        "group": "/amy/test",
        "retention_days": 30,
        "sources": SOURCES,
        "processes": PROCESSES,
        "namespace": "amy/test",
        "interval": 60,
    }
    return compose(**{**facts, **overrides})


def first_file(composed: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = composed["logs"]["logs_collected"]["files"]["collect_list"][0]
    return entry


def measured(composed: dict[str, Any]) -> dict[str, Any]:
    section: dict[str, Any] = composed["metrics"]["metrics_collected"]
    return section


def test_composed_configuration_is_right() -> None:
    assert problems(configuration()) == []
    assert problems(configuration(region="eu-west-1", endpoint_url="http://127.0.0.1:5000", processes=[])) == []


def test_each_source_is_a_stream_of_the_one_group() -> None:
    files = configuration()["logs"]["logs_collected"]["files"]["collect_list"]
    assert {file["log_group_name"] for file in files} == {"/amy/test"}
    assert [file["log_stream_name"] for file in files] == ["web1/syslog", "web1/gunicorn", "web1/redis"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda c: c.update(extra={}), "unknown key 'extra'"),
        (lambda c: c.update(logs=[]), "logs must be a map"),
        (lambda c: [c.pop("logs"), c.pop("metrics")], "nothing to do"),
        (
            lambda c: c["agent"].update(metrics_collection_interval="60"),
            "agent: metrics_collection_interval must be a whole",
        ),
        (lambda c: c["agent"].update(metrics_collection_interval=0), "must be at least 1"),
        (lambda c: c["agent"].update(debug=1), "debug must be true or false"),
        (lambda c: c["logs"].pop("logs_collected"), "'logs_collected' is missing"),
        (lambda c: c["logs"]["logs_collected"]["files"].update(collect_list=[]), "collect_list is empty"),
        (lambda c: first_file(c).pop("file_path"), "collect_list[0]: 'file_path' is missing"),
        (lambda c: first_file(c).update(optional=True), "collect_list[0]: unknown key 'optional'"),
        (lambda c: first_file(c).update(file_path="syslog"), "not absolute"),
        (lambda c: first_file(c).update(log_stream_name="web1:syslog"), "log_stream_name 'web1:syslog'"),
        (lambda c: first_file(c).update(retention_in_days=45), "retention_in_days 45 is none of 1, 3, 5"),
        (lambda c: first_file(c).update(retention_in_days=True), "retention_in_days must be a whole number"),
        (lambda c: first_file(c).update(retention_in_days=7), "'/amy/test' has several retentions"),
        (lambda c: first_file(c).update(file_path="/srv/redis.log"), "file_path '/srv/redis.log' is there twice"),
        (lambda c: first_file(c).update(log_stream_name="web1/redis"), "log_stream_name 'web1/redis' is there twice"),
        (lambda c: first_file(c).update(multi_line_start_pattern="^["), "'^[' is no regular expression"),
        (lambda c: first_file(c).update(multi_line_start_pattern="{timestamp_format}"), "there is no timestamp_format"),
        (lambda c: first_file(c).update(timestamp_format="%Q"), "'%Q', which the agent does not know"),
        (lambda c: first_file(c).update(timezone="CET"), "timezone 'CET'"),
        (lambda c: c["metrics"].update(append_dimensions={"Host": "web1"}), "append_dimensions: Host"),
        (lambda c: measured(c).update(gpu={"measurement": ["used"]}), "metrics_collected.gpu is unknown"),
        (lambda c: measured(c)["mem"].update(measurement=["speed"]), "no metric 'speed' of mem"),
        (lambda c: measured(c)["mem"].update(measurement=[]), "measurement is empty"),
        (lambda c: measured(c)["disk"].pop("measurement"), "'measurement' is missing"),
        (lambda c: measured(c).update(procstat=[]), "at least one process"),
        (lambda c: measured(c)["procstat"][0].pop("pattern"), "needs one of pattern, exe, pid_file, and has 0"),
        (lambda c: measured(c)["procstat"][0].update(exe="nginx"), "and has 2"),
        (lambda c: measured(c)["procstat"][0].update(pattern="("), "'(' is no regular expression"),
        (lambda c: measured(c)["procstat"][0].update(measurement=["cpu_speed"]), "no metric 'cpu_speed' of procstat"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[dict[str, Any]], Any], complaint: str) -> None:
    composed = configuration()
    change(composed)
    assert any(complaint in problem for problem in problems(composed)), problems(composed)


def test_metric_may_bear_its_plugins_name() -> None:
    composed = configuration()
    measured(composed)["mem"]["measurement"] = ["mem_used_percent", {"name": "available", "unit": "Bytes"}]
    assert problems(composed) == []


def test_file_has_to_be_there_unless_it_is_optional(tmp_path: Path) -> None:
    present, absent = tmp_path / "present.log", tmp_path / "absent.log"
    present.touch()
    composed = configuration(sources=[{"name": path.stem, "path": str(path)} for path in (present, absent)])
    assert missing_files(composed, []) == [f"{absent} is not on this host and not declared optional"]
    assert missing_files(composed, [str(absent)]) == []
