# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written to a log arrives, once and in order, through rotations, restarts and outages."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from lab.local_cloud.agent.stand_in.client import LogsClient
from lab.local_cloud.agent.stand_in.events import Event
from lab.local_cloud.agent.stand_in.settings import Source
from lab.local_cloud.agent.stand_in.shipper import Shipper
from lab.local_cloud.agent.stand_in.signing import Credentials
from lab.local_cloud.agent.stand_in.tail import GRACE


class Memory:
    """A sink that can be out of order."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.broken = False

    def put(self, group: str, stream: str, retention_days: int | None, events: list[Event]) -> None:
        if self.broken:
            raise ConnectionError
        self.messages += [event.message for event in events]


def source(folder: Path, **more: Any) -> Source:
    facts: dict[str, Any] = {"retention_days": 7, "start_pattern": None, "timestamp_format": None, **more}
    return Source(path=folder / "site.log", group="/amy/test", stream="web1/site", **facts)


class Host:
    """A log and its shipper, with a clock that only goes on when it is told to."""

    def __init__(self, folder: Path, sink: Any, **more: Any) -> None:
        self.log = folder / "site.log"
        self.sink = sink
        self._more = more
        self._folder = folder
        self._now = 0.0
        (folder / "state").mkdir()
        self.restart()

    def restart(self) -> None:
        self.shipper = Shipper(
            source(self._folder, **self._more), state=self._folder / "state", sink=self.sink, wall=time.time
        )

    def write(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text)

    def tick(self, seconds: float = 2.0) -> None:
        self._now += seconds
        self.shipper.read(self._now)
        self.shipper.deliver()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path, Memory())


def test_lines_arrive_when_they_are_complete(host: Host) -> None:
    host.tick()
    host.write("one\ntw")
    host.tick()
    assert host.sink.messages == ["one"]
    host.write("o\n\nthree\n")
    host.tick()
    assert host.sink.messages == ["one", "two", "three"]


def test_renamed_file_is_read_to_its_end(host: Host) -> None:
    host.write("one\n")
    host.tick()
    writer = host.log.open("a")
    host.log.rename(host.log.with_name("site.log.1"))
    host.tick()
    host.write("two\n")
    host.tick()
    writer.write("late\n")
    writer.close()
    host.tick()
    host.tick(GRACE + 1)
    assert host.sink.messages == ["one", "two", "late"]


def test_truncated_file_is_read_from_its_start(host: Host) -> None:
    host.write("one, a long line\n")
    host.tick()
    host.log.write_text("two\n")
    host.tick()
    assert host.sink.messages == ["one, a long line", "two"]


def test_restart_goes_on_where_it_stopped_in_a_rotated_file_too(host: Host) -> None:
    host.write("one\n")
    host.tick()
    host.write("two\n")
    host.log.rename(host.log.with_name("site.log.1"))
    host.write("three\n")
    host.restart()
    host.tick()
    host.restart()
    host.tick()
    assert host.sink.messages == ["one", "two", "three"]


def test_outage_loses_nothing(host: Host) -> None:
    host.sink.broken = True
    host.write("one\n")
    with pytest.raises(ConnectionError):
        host.tick()
    host.write("two\n")
    host.sink.broken = False
    host.tick()
    assert host.sink.messages == ["one", "two"]


def test_restart_in_an_outage_loses_nothing(host: Host) -> None:
    host.sink.broken = True
    host.write("one\n")
    with pytest.raises(ConnectionError):
        host.tick()
    host.restart()
    host.sink.broken = False
    host.tick()
    assert host.sink.messages == ["one"]


def test_traceback_is_one_event(tmp_path: Path) -> None:
    host = Host(tmp_path, Memory(), start_pattern=r"^\[")
    host.write("[one] GET /\n[two] failed\nTraceback (most recent call last):\n  File 'x'\n")
    host.tick(0.1)
    host.write("ValueError: no\n")
    host.tick(0.1)
    assert host.sink.messages == ["[one] GET /"]
    host.tick()
    traceback = "[two] failed\nTraceback (most recent call last):\n  File 'x'\nValueError: no"
    assert host.sink.messages == ["[one] GET /", traceback]


@pytest.fixture(scope="module")
def endpoint() -> Any:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    address, port = server.get_host_and_port()
    yield f"http://{address}:{port}"
    server.stop()


def test_every_line_written_during_rotations_is_delivered(tmp_path: Path, endpoint: str) -> None:
    credentials = Credentials("key", "secret", "token")
    client = LogsClient(endpoint=endpoint, region="us-east-1", credentials=lambda: credentials)
    (tmp_path / "state").mkdir()
    shipper = Shipper(source(tmp_path), state=tmp_path / "state", sink=client, wall=time.time)
    log = tmp_path / "site.log"

    def write() -> None:
        """As nginx does: the new file is there, but some lines still go to the renamed one."""
        for generation in range(5):
            with log.open("a", buffering=1) as file:
                for number in range(200):
                    if number == 100 and generation < 4:
                        log.rename(log.with_name(f"site.log.{generation}"))
                        log.touch()
                    file.write(f"{generation}-{number:03}\n")
                    time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        shipper.read(time.monotonic())
        shipper.deliver()
        time.sleep(0.02)
    shipper.read(time.monotonic())
    shipper.deliver()

    logs = boto3.client(
        "logs", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    found = logs.get_paginator("filter_log_events").paginate(logGroupName="/amy/test", logStreamNames=["web1/site"])
    messages = [event["message"] for page in found for event in page["events"]]
    assert sorted(messages) == [f"{generation}-{number:03}" for generation in range(5) for number in range(200)]
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
