# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault switch, in front of an application that always says yes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from lab.local_cloud.api_request import Environ
from lab.local_cloud.faults import Faults, fault_from

SIGNED = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"
DESCRIBE = b"Action=DescribeTargetHealth&Version=2015-12-01"


def yes(_: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"yes"]


class Switch:
    """Sends requests through the middleware and keeps the naps that it has taken."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.app = Faults(yes, sleep=self.naps.append)

    def send(
        self, method: str, path: str, body: bytes = b"", *, address: str = "127.0.0.1", **more: str
    ) -> tuple[int, str]:
        statuses: list[str] = []
        environ: Environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "REMOTE_ADDR": address,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **more,
        }
        answer = b"".join(self.app(environ, lambda status, _: statuses.append(status)))
        return int(statuses[0].split()[0]), answer.decode()

    def query(self, body: bytes = DESCRIBE) -> tuple[int, str]:
        return self.send("POST", "/", body, CONTENT_TYPE="application/x-www-form-urlencoded; charset=utf-8")

    def add(self, **fault: Any) -> tuple[int, str]:
        return self.send("POST", "/_local/faults", json.dumps(fault).encode())


def test_it_hits_as_often_as_told() -> None:
    switch = Switch()
    switch.add(action="DescribeTargetHealth", times=2, code="InternalError", status=500)
    assert [switch.query()[0] for _ in range(4)] == [500, 500, 200, 200]
    assert json.loads(switch.send("GET", "/_local/calls")[1]) == {
        "DescribeTargetHealth": 4,
        "DescribeTargetHealth (fault)": 2,
    }


def test_it_hits_every_nth_call() -> None:
    switch = Switch()
    switch.add(action="Describe*", times=2, every=3, code="throttle")
    assert [switch.query()[0] for _ in range(8)] == [200, 200, 400, 200, 200, 400, 200, 200]


def test_it_makes_calls_slow_and_lets_them_succeed() -> None:
    switch = Switch()
    switch.add(action="DescribeTargetHealth", seconds=2.5)
    assert switch.query() == (200, "yes")
    assert switch.naps == [2.5]


def test_other_actions_are_left_alone() -> None:
    switch = Switch()
    switch.add(action="RegisterTargets", code="throttle")
    assert switch.query()[0] == 200


@pytest.mark.parametrize(
    ("service", "request_", "status", "text"),
    [
        ("ec2", {"body": b"Action=X&Version=2016-11-15"}, 503, "<Errors><Error><Code>RequestLimitExceeded<"),
        ("elasticloadbalancing", {"body": b"Action=X&Version=2015-12-01"}, 400, "<Type>Sender</Type><Code>Throttling<"),
        ("ssm", {"target": "AmazonSSM.X"}, 400, '"__type": "ThrottlingException"'),
        ("s3", {"path": "/bucket/key"}, 503, "<Error><Code>SlowDown<"),
        ("route53", {"path": "/2013-04-01/hostedzone"}, 503, "<Type>Sender</Type><Code>SlowDown<"),
    ],
)
def test_throttling_is_said_in_the_services_own_words(
    service: str, request_: dict[str, Any], status: int, text: str
) -> None:
    switch = Switch()
    switch.add(action="*", code="throttle")
    more = {"HTTP_AUTHORIZATION": SIGNED.format(service)}
    if "body" in request_:
        more["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    if "target" in request_:
        more["HTTP_X_AMZ_TARGET"] = request_["target"]
    got = switch.send("POST", request_.get("path", "/"), request_.get("body", b"{}"), **more)
    assert got[0] == status
    assert text in got[1]


def test_faults_can_be_listed_and_taken_back() -> None:
    switch = Switch()
    switch.add(action="DescribeTargetHealth", code="throttle")
    assert json.loads(switch.send("GET", "/_local/faults")[1])[0]["action"] == "DescribeTargetHealth"
    switch.send("DELETE", "/_local/faults")
    assert switch.query()[0] == 200


def test_instances_may_not_use_it() -> None:
    switch = Switch()
    assert switch.send("GET", "/_local/faults", address="10.77.0.4")[0] == 403


@pytest.mark.parametrize("value", [[], {}, {"action": "X", "often": 1}, {"action": "X", "times": 0}])
def test_nonsense_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        fault_from(value)
    assert Switch().send("POST", "/_local/faults", json.dumps(value).encode())[0] == 400
