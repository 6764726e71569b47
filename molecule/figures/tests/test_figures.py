# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures are those of the queue, once a minute, and one that cannot be taken is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import support
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-redis"]

LOG = "/var/log/figures.log"
REDIS = "REDISCLI_AUTH=molecule-application redis-cli --user amy -n 2"


def take(host: Host) -> dict[str, Any]:
    """The line that the unit appends now."""
    host.check_output("systemctl start amy-figures.service")
    line: dict[str, Any] = json.loads(host.check_output(f"tail -n 1 {LOG}"))
    return line


@pytest.fixture
def queue(host: Host) -> Iterator[None]:
    """Two jobs that wait, one that has failed, one that is long overdue."""
    for command in ("RPUSH rq:queue:default a b", "ZADD rq:failed:default 1 c", "ZADD rq:scheduler:scheduled_jobs 1 d"):
        host.check_output(f"{REDIS} {command}")
    yield
    host.check_output(f"{REDIS} DEL rq:queue:default rq:failed:default rq:scheduler:scheduled_jobs")


@pytest.mark.usefixtures("queue")
def test_figures_of_a_queue(host: Host) -> None:
    line = take(host)
    assert (line["QueuedJobs"], line["FailedJobs"], line["ScheduledJobs"], line["BackupAgeSeconds"]) == (2, 1, 1, 60)
    assert line["OldestOverdueSeconds"] > 1_000_000_000
    names = {metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert names <= set(line)


def test_empty_queue(host: Host) -> None:
    line = take(host)
    assert (line["QueuedJobs"], line["OldestOverdueSeconds"]) == (0, 0)


def test_redis_that_does_not_answer_is_a_note(host: Host) -> None:
    host.check_output("systemctl stop redis-server")
    line = take(host)
    host.check_output("systemctl start redis-server")
    assert "QueuedJobs" not in line
    assert "refused" in line["QueueError"]
    assert line["BackupAgeSeconds"] == 60


def test_timer_takes_them_by_itself(host: Host) -> None:
    host.check_output(f"truncate --size 0 {LOG}")
    support.until(lambda: host.file(LOG).size > 0, seconds=75, what="the timer has taken the figures")


def test_secret_is_for_root_only(host: Host) -> None:
    assert host.file("/etc/amy-figures.json").mode == 0o600
    assert "molecule-application" not in host.check_output("systemctl cat amy-figures.service")
