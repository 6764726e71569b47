# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives in the log group, and what is refused before the agent is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import support
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from testinfra.host import Host

testinfra_hosts = ["ansible://amy-molecule-web"]

LOGS = "/webapps/amy.molecule.test/logs"
CONFIGURATION = "/opt/aws/amazon-cloudwatch-agent/etc/stage.json"
NAME = "amazon-cloudwatch-agent"
PORT = 5079
AMAZONS_KEY = "9376 16F3 450B 7D80 6CBD 9725 D581 6730 3B78 9C72"


class Group:
    """The log group, in an AWS that lives as long as the tests: the agent keeps what it cannot deliver before."""

    def __init__(self, endpoint: str) -> None:
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        self._client: Any = boto3.client("logs", endpoint_url=endpoint, region_name="us-east-1", **keys)

    def messages(self, stream: str) -> list[str]:
        try:
            pages = self._client.get_paginator("filter_log_events").paginate(
                logGroupName="/amy/molecule", logStreamNames=[f"amy-molecule-web/{stream}"]
            )
            return [event["message"] for page in pages for event in page["events"]]
        except self._client.exceptions.ResourceNotFoundException:
            return []

    def await_message(self, stream: str, text: str) -> str:
        """The one event that has TEXT in it."""
        support.until(lambda: any(text in message for message in self.messages(stream)), what=f"{text} in {stream}")
        (found,) = [message for message in self.messages(stream) if text in message]
        return found

    @property
    def retention(self) -> int:
        days: int = self._client.describe_log_groups()["logGroups"][0]["retentionInDays"]
        return days


@pytest.fixture(scope="module")
def group(host: Host) -> Iterator[Group]:
    gateway = host.check_output("ip -4 route show default").split()[2]
    server = ThreadedMotoServer(ip_address=gateway, port=PORT)
    server.start()
    yield Group(f"http://{gateway}:{PORT}")
    server.stop()


def ask(host: Host, path: str) -> None:
    host.check_output(f"curl --silent --output /dev/null -H 'Host: amy.molecule.test' 'http://127.0.0.1{path}'")


def agent_of(host: Host) -> tuple[str, str, str]:
    """What must not change when something is refused: the process, its file, its version."""
    process = host.check_output(f"systemctl show {NAME} --property=MainPID,ActiveState")
    return process, host.file(CONFIGURATION).content_string, host.package(NAME).version


def converge(variables: dict[str, Any]) -> support.Run:
    return support.converge("cloudwatch_agent", "-e", json.dumps(variables))


def test_request_is_found_by_its_id_in_both_logs(host: Host, group: Group) -> None:
    ask(host, "/joined")
    entry = json.loads(group.await_message("nginx-access", '"/joined"'))
    assert "/joined" in group.await_message("gunicorn", entry["request_id"])
    assert group.retention == 90


def test_traceback_is_one_event(host: Host, group: Group) -> None:
    lines = [
        "[2026-11-25 01:31:29 +0000] [7] [ERROR] Error handling request /torn",
        "Traceback (most recent call last):",
        '  File "/srv/application.py", line 1, in view',
        "ValueError: torn-apart",
    ]
    words = " ".join(f"'{line}'" for line in lines)
    host.check_output(f"printf '%s\\n' {words} >> {LOGS}/gunicorn_supervisor.log")
    assert group.await_message("gunicorn", "torn-apart").splitlines() == lines


def test_system_messages_arrive(host: Host, group: Group) -> None:
    host.check_output("logger --tag molecule a-message-of-the-system")
    assert "molecule" in group.await_message("syslog", "a-message-of-the-system")


def test_no_line_is_lost_in_a_rotation(host: Host, group: Group) -> None:
    host.check_output(
        "seq -f 'http://127.0.0.1/rotation/%g' 300 > /tmp/urls; "
        "(sleep 0.3; logrotate --force /etc/logrotate.d/amy-nginx) & "
        "xargs -P 2 -n 1 curl --silent --output /dev/null -H 'Host: amy.molecule.test' < /tmp/urls; wait"
    )
    wanted = sorted(f"/rotation/{number}" for number in range(1, 301))

    def delivered() -> list[str]:
        paths = [json.loads(message)["path"] for message in group.messages("nginx-access")]
        return sorted(path for path in paths if path.startswith("/rotation/"))

    support.until(lambda: len(delivered()) >= len(wanted), what="every request is in the log group")
    assert delivered() == wanted


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"cloudwatch_agent_retention_days": 45}, "retention_in_days 45 is none of"),
        ({"gunicorn_log_start_pattern": "^["}, "is no regular expression"),
        ({"cloudwatch_agent_interval": 0}, "metrics_collection_interval must be at least 1"),
        ({"more_sources": [{"name": "absent", "path": "/srv/absent.log"}]}, "/srv/absent.log is not on this host"),
    ],
)
def test_wrong_configuration_is_refused(host: Host, variables: dict[str, Any], complaint: str) -> None:
    before = agent_of(host)
    assert "ActiveState=active" in before[0]
    run = converge(variables)
    assert not run.succeeded
    assert complaint in run.text
    assert agent_of(host) == before


def test_package_that_was_changed_is_refused(host: Host) -> None:
    before = agent_of(host)
    host.check_output("cp /var/cache/agent/amazon-cloudwatch-agent.deb /var/cache/agent/tampered.deb")
    host.check_output("echo >> /var/cache/agent/tampered.deb")
    run = converge(
        {
            "cloudwatch_agent_version": "9.9-1",
            "cloudwatch_agent_package": "file:///var/cache/agent/tampered.deb",
            "cloudwatch_agent_signature": "file:///var/cache/agent/amazon-cloudwatch-agent.deb.sig",
        }
    )
    assert not run.succeeded
    assert "is not what was signed" in run.text
    assert agent_of(host) == before


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"cloudwatch_agent_fingerprint": AMAZONS_KEY}, "is the one that is trusted"),
        ({}, "not amazon-cloudwatch-agent 9.9-1"),
    ],
)
def test_other_key_and_other_version_are_refused(host: Host, variables: dict[str, Any], complaint: str) -> None:
    before = agent_of(host)
    run = converge({**variables, "cloudwatch_agent_version": "9.9-1"})
    assert not run.succeeded
    assert complaint in run.text
    assert agent_of(host) == before


def test_nothing_is_lost_or_doubled_by_a_new_configuration(host: Host, group: Group) -> None:
    before = agent_of(host)
    ask(host, "/before-the-restart")
    run = converge({"cloudwatch_agent_interval": 30})
    assert run.succeeded, run.text
    assert agent_of(host)[0] != before[0]
    ask(host, "/after-the-restart")
    group.await_message("nginx-access", "/after-the-restart")
    group.await_message("nginx-access", "/before-the-restart")


def test_ships_after_a_reboot(host: Host, group: Group) -> None:
    support.restart(host)
    host.check_output("logger --tag molecule a-message-after-the-reboot")
    group.await_message("syslog", "a-message-after-the-reboot")
