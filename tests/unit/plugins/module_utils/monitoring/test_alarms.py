# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage has the alarms of the table: on what there is, with its own thresholds, each leading to the runbook."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from figures import queue_figures, server_figures

from plugins.module_utils.cloudwatch.compose import HOST_METRICS
from plugins.module_utils.monitoring.alarms import Stage, StageError, alarms
from plugins.module_utils.monitoring.watches import BACKUPS, HOST, QUEUES, REDIS_BACKUPS, ROOT_DISK, WATCHES
from tests.unit.plugins.module_utils.monitoring.stages import BARE, WHOLE, dimensions

RUNBOOK = Path(__file__).resolve().parents[5] / "docs/runbook.md"


def named(stage: Stage, **options: Any) -> dict[str, dict[str, Any]]:
    """The alarms of a stage by their names."""
    made = alarms(stage, **{"thresholds": {}, "actions": [], **options})
    return {alarm["AlarmName"]: alarm for alarm in made}


def test_a_stage_without_agent_and_figures_has_the_alarms_that_aws_can_tell_by_itself() -> None:
    assert set(named(BARE)) == {f"amy/test/{key}" for key in ("errors", "latency", "unhealthy-hosts", "certificate")}


def test_an_application_without_background_jobs_is_watched_for_its_backups() -> None:
    bare = replace(BARE, has_figures=True, has_queues=False)
    assert set(named(bare)) - set(named(BARE)) == {"amy/test/backup-age", "amy/test/redis-backup-age"}
    assert set(named(replace(bare, has_redis=False))) - set(named(BARE)) == {"amy/test/backup-age"}


def test_each_host_has_its_own_alarms() -> None:
    found = named(WHOLE)
    assert dimensions(found["amy/test/web1/disk"]) == {"InstanceId": "i-1", "fstype": "ext4", "path": "/"}
    assert dimensions(found["amy/test/redis1/memory"]) == {"InstanceId": "i-2"}
    assert found["amy/test/web1/disk"]["Namespace"] == "amy/test"


def test_what_is_the_load_balancers_is_found_by_the_end_of_its_arn() -> None:
    balancer = {"LoadBalancer": "app/amy-test/0123456789abcdef"}
    assert dimensions(named(BARE)["amy/test/latency"]) == balancer
    assert dimensions(named(BARE)["amy/test/unhealthy-hosts"]) == {
        **balancer,
        "TargetGroup": "targetgroup/amy-test-web/fedcba9876543210",
    }


def test_a_host_without_the_shared_files_is_one_connection_too_few() -> None:
    query, result = named(WHOLE)["amy/test/shared-files"]["Metrics"]
    assert query["MetricStat"]["Metric"] == {
        "Namespace": "AWS/EFS",
        "MetricName": "ClientConnections",
        "Dimensions": [{"Name": "FileSystemId", "Value": "fs-1"}],
    }
    assert result["Expression"] == "4 - connections"


def test_the_databases_free_bytes_are_told_in_gibibytes() -> None:
    alarm = named(WHOLE)["amy/test/database-storage"]
    query, result = alarm["Metrics"]
    assert query["MetricStat"]["Metric"] == {
        "Namespace": "AWS/RDS",
        "MetricName": "FreeStorageSpace",
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "amy-test"}],
    }
    assert result["Expression"] == "free / 1073741824"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 2)
    assert "less than 2 GiB" in alarm["AlarmDescription"]


def test_an_error_rate_is_calculated_from_metrics_that_are_not_shown_themselves() -> None:
    queries = named(BARE)["amy/test/errors"]["Metrics"]
    assert [query["Id"] for query in queries if query["ReturnData"]] == ["result"]
    inner = {query["Id"] for query in queries} - {"result"}
    assert inner == set(re.findall(r"[a-z]\w+", queries[-1]["Expression"]))


def test_a_percentile_is_not_taken_of_a_few_requests() -> None:
    alarm = named(BARE)["amy/test/latency"]
    assert (alarm["ExtendedStatistic"], alarm["EvaluateLowSampleCountPercentile"]) == ("p99", "ignore")
    assert "Statistic" not in alarm


def test_a_nights_backup_of_redis_may_be_a_day_and_two_hours_old() -> None:
    alarm = named(WHOLE)["amy/test/redis-backup-age"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["TreatMissingData"]) == (
        "RedisBackupAgeSeconds",
        26 * 3600,
        "breaching",
    )
    assert dimensions(alarm) == {"Stage": "test"}


def test_a_threshold_can_be_another_and_is_in_the_words() -> None:
    alarm = named(WHOLE, thresholds={"disk": 92.5})["amy/test/web1/disk"]
    assert alarm["Threshold"] == 92.5
    assert "more than 92.5 % of the host's disk" in alarm["AlarmDescription"]


def test_a_threshold_of_no_alarm_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(StageError, match=r"no alarm dsik .*unhealthy-hosts, disk, memory"):
        alarms(WHOLE, thresholds={"dsik": 90}, actions=[])


def test_who_is_told_of_the_beginning_is_told_of_the_end() -> None:
    for alarm in named(WHOLE, actions=["arn:topic"]).values():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (["arn:topic"], ["arn:topic"])


def test_every_alarm_leads_to_a_heading_of_the_runbook_and_a_command() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert {watch.look for watch in WATCHES} <= anchors
    assert all("make status STAGE=test" in alarm["AlarmDescription"] for alarm in named(WHOLE).values())


def test_of_one_cause_of_silence_one_alarm_tells() -> None:
    """The figures come from one program and a host's metrics from one agent; a backup is looked at for itself."""
    ours = [watch for watch in WATCHES if watch.subject.of in (BACKUPS, HOST, QUEUES, REDIS_BACKUPS, ROOT_DISK)]
    telling = {watch.key for watch in ours if watch.missing == "breaching"}
    assert telling == {"queue-age", "disk", "backup-age", "redis-backup-age"}


def test_what_is_watched_is_what_hosts_publish() -> None:
    published = {f"{plugin}_{name}" for plugin, section in HOST_METRICS.items() for name in section["measurement"]}
    watched = {metric.name for watch in WATCHES for metric in watch.metrics.values() if metric.of in (HOST, ROOT_DISK)}
    assert watched <= published


class EmptyRedis:
    """As much of a client as the figures ask."""

    def zrange(self, *_arguments: Any, **_options: Any) -> list[Any]:
        return []

    def llen(self, _key: str) -> int:
        return 0

    zcard = llen

    def lindex(self, _key: str, _index: int) -> None:
        return None


def test_what_is_watched_of_the_figures_is_what_is_taken() -> None:
    server = {"maxmemory": 1, "used_memory": 0, "rejected_connections": 0}
    taken = queue_figures(EmptyRedis(), ["default"], now=0.0) | server_figures(server, refused_before=None)
    watched = {metric.name for watch in WATCHES for metric in watch.metrics.values() if metric.of == QUEUES}
    assert watched <= set(taken)


def test_the_alarms_are_what_cloudwatch_takes() -> None:
    """botocore knows the names and types of each call; nothing is sent."""
    make: Any = boto3.client
    client = make("cloudwatch", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    shape = client.meta.service_model.operation_model("PutMetricAlarm").input_shape
    for alarm in alarms(WHOLE, thresholds={}, actions=["arn:topic"]):
        assert not ParamValidator().validate(alarm, shape).has_errors()
