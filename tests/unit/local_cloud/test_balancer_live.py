# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer in one piece: boto3 tells the API, requests go through HAProxy to two small web servers."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab.local_cloud.balancer.config import Files
from lab.local_cloud.balancer.process import Haproxy

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")

INTERVAL, DELAY, LAG = 5, 4, 2.0


class Backend(ThreadingHTTPServer):
    """A web server whose health is an attribute, and whose /slow takes three seconds."""

    daemon_threads = True
    healthy = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Say nothing: cut connections are what some tests are about."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Backend

    def do_GET(self) -> None:
        if self.path == "/reset":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.path == "/slow":
            time.sleep(3)
        body = f"{self.server.port} {self.headers.get('X-Forwarded-For')}".encode()
        self.send_response(200 if self.path != "/healthz" or self.server.healthy else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Cloud:
    """A control plane in a process of its own, one load balancer with one target group."""

    def __init__(self, directory: Path, address: str) -> None:
        self.directory = directory
        self.address = address
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()
        keys: Any = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        endpoint = f"http://127.0.0.1:{self.port}"
        self.elb: Any = boto3.client("elbv2", endpoint_url=endpoint, **keys)
        ec2: Any = boto3.client("ec2", endpoint_url=endpoint, **keys)
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
        balancer = self.elb.create_load_balancer(Name="main", Subnets=subnets)["LoadBalancers"][0]
        self.balancer = balancer["LoadBalancerArn"]
        self.group = self.create_group("web", vpc)
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Listeners"][0]["ListenerArn"]

    def start(self) -> None:
        log = (self.directory / "log").open("ab")
        script = str(Path(__file__).with_name("balancer_only.py"))
        self.process = subprocess.Popen(
            [sys.executable, script, str(self.directory), str(self.port), self.address],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stderr=log,
        )
        until(lambda: self.process.poll() is not None or _accepts(self.port))
        assert self.process.poll() is None, (self.directory / "log").read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def create_group(self, name: str, vpc: str) -> str:
        arn: str = self.elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=80,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/healthz",
            HealthCheckIntervalSeconds=INTERVAL,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(DELAY)}]
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
        return arn

    def register(self, *ports: int) -> None:
        self.elb.register_targets(TargetGroupArn=self.group, Targets=_targets(ports))

    def deregister(self, *ports: int) -> None:
        self.elb.deregister_targets(TargetGroupArn=self.group, Targets=_targets(ports))

    def health(self) -> dict[int, dict[str, str]]:
        answers = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return {answer["Target"]["Port"]: answer["TargetHealth"] for answer in answers}

    def states(self) -> dict[int, str]:
        return {port: health["State"] for port, health in self.health().items()}

    def get(self, path: str = "/", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address, 8080, timeout=20)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def worker(self) -> int:
        return Haproxy(Files(directory=self.directory / "haproxy")).runtime.worker()


def _targets(ports: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"Id": "127.0.0.1", "Port": port} for port in ports]


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, as long as a busy machine may take."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    directory = tmp_path_factory.mktemp("cloud")
    cloud = Cloud(directory, f"127.77.{100 + os.getpid() % 100}.10")
    yield cloud
    cloud.kill()
    Haproxy(Files(directory=directory / "haproxy")).stop()


@pytest.fixture
def backends(cloud: Cloud) -> Iterator[tuple[Backend, Backend]]:
    """Two healthy targets, alone in the group. Those of the test before drain while these are checked."""
    first, second = Backend(), Backend()
    cloud.register(first.port, second.port)
    until(lambda: cloud.states() == dict.fromkeys((first.port, second.port), "healthy"))
    yield first, second
    cloud.deregister(first.port, second.port)
    first.end()
    second.end()


def test_without_targets_it_answers_503(cloud: Cloud) -> None:
    status, body = cloud.get()
    assert status == 503
    assert "503 Service Temporarily Unavailable" in body


def test_a_target_is_initial_and_gets_nothing_until_a_check_has_passed(cloud: Cloud) -> None:
    backend = Backend()
    backend.healthy = False
    worker = cloud.worker()
    cloud.register(backend.port)
    assert cloud.health()[backend.port]["State"] == "initial"
    assert cloud.get()[0] == 503
    until(lambda: cloud.states()[backend.port] == "unhealthy")
    health = cloud.health()[backend.port]
    assert health["Reason"] == "Target.ResponseCodeMismatch"
    assert health["Description"] == "Health checks failed with these codes: [503]"
    # No target is healthy, so the unhealthy serve: fail-open.
    assert cloud.get()[0] == 200
    cloud.deregister(backend.port)
    assert cloud.states()[backend.port] == "draining"
    until(lambda: not cloud.states())
    assert cloud.worker() == worker, "targets came and went with a reload"
    backend.end()


def test_requests_go_to_both_with_the_clients_address(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    answers = [cloud.get() for _ in range(10)]
    assert {status for status, _ in answers} == {200}
    assert {int(body.split()[0]) for _, body in answers} == {backend.port for backend in backends}
    assert {body.split()[1] for _, body in answers} == {"127.0.0.1"}


def test_draining_goes_on_for_lag_and_delay_and_loses_nothing(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    first, second = backends
    slow: list[tuple[int, str]] = []
    threads = [threading.Thread(target=lambda: slow.append(cloud.get("/slow"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    deregistered = time.monotonic()
    cloud.deregister(first.port)
    assert cloud.states() == {first.port: "draining", second.port: "healthy"}
    late = {int(cloud.get()[1].split()[0]) for _ in range(10)}
    assert first.port in late, "deregistration took effect without a lag"
    time.sleep(LAG + 0.5)
    assert {int(cloud.get()[1].split()[0]) for _ in range(10)} == {second.port}
    until(lambda: first.port not in cloud.states())
    assert LAG + DELAY <= time.monotonic() - deregistered < 300
    for thread in threads:
        thread.join()
    assert [status for status, _ in slow] == [200] * 4
    answer = cloud.elb.describe_target_health(TargetGroupArn=cloud.group, Targets=_targets((first.port,)))
    health = answer["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (health["State"], health["Reason"]) == ("unused", "Target.NotRegistered")


def test_at_the_end_of_the_delay_requests_are_cut(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    short = [{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}]
    cloud.elb.modify_target_group_attributes(TargetGroupArn=cloud.group, Attributes=short)
    first, _ = backends
    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(cloud.get("/slow")[0])
        except (ConnectionError, http.client.HTTPException):
            outcomes.append("cut")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    cloud.deregister(first.port)
    for thread in threads:
        thread.join()
    delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": str(DELAY)}]
    cloud.elb.modify_target_group_attributes(TargetGroupArn=cloud.group, Attributes=delay)
    assert outcomes.count(200) == 2
    assert len([outcome for outcome in outcomes if outcome != 200]) == 2


def test_a_target_registered_while_it_drains_is_initial_again(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    first, second = backends
    cloud.deregister(first.port)
    time.sleep(LAG + 0.5)
    cloud.register(first.port)
    assert cloud.states() == {first.port: "initial", second.port: "healthy"}
    until(lambda: cloud.states()[first.port] == "healthy")
    assert {int(cloud.get()[1].split()[0]) for _ in range(10)} == {first.port, second.port}


def test_a_refused_connection_is_502_and_is_not_tried_elsewhere(
    cloud: Cloud, backends: tuple[Backend, Backend]
) -> None:
    first, _ = backends
    first.end()
    statuses = [cloud.get()[0] for _ in range(6)]
    assert sorted(statuses) == [200] * 3 + [502] * 3
    until(lambda: cloud.states()[first.port] == "unhealthy")
    assert cloud.health()[first.port]["Reason"] in {"Target.FailedHealthChecks", "Target.Timeout"}
    assert {cloud.get()[0] for _ in range(6)} == {200}


def test_a_closed_connection_is_502_and_silence_504(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    assert cloud.get("/reset")[0] == 502
    short = [{"Key": "idle_timeout.timeout_seconds", "Value": "1"}]
    cloud.elb.modify_load_balancer_attributes(LoadBalancerArn=cloud.balancer, Attributes=short)
    status, body = cloud.get("/slow")
    normal = [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]
    cloud.elb.modify_load_balancer_attributes(LoadBalancerArn=cloud.balancer, Attributes=normal)
    assert status == 504
    assert "504 Gateway Time-out" in body


def test_rules_are_tried_by_priority(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    def fixed(text: str) -> list[dict[str, Any]]:
        config = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": text}
        return [{"Type": "fixed-response", "FixedResponseConfig": config}]

    def field(name: str, config: str, **value: Any) -> dict[str, Any]:
        return {"Field": name, config: value}

    rules = [
        (20, field("path-pattern", "PathPatternConfig", Values=["/a*"]), "path"),
        (10, field("path-pattern", "PathPatternConfig", Values=["/ab?"]), 'it\'s "ab" {and} one %more'),
        (30, field("host-header", "HostHeaderConfig", Values=["*.Example.org"]), "host"),
        (40, field("http-header", "HttpHeaderConfig", HttpHeaderName="X-Kind", Values=["new*"]), "header"),
        (50, field("query-string", "QueryStringConfig", Values=[{"Key": "v", "Value": "1"}]), "query"),
        (60, field("http-request-method", "HttpRequestMethodConfig", Values=["POST"]), "method"),
        (70, field("source-ip", "SourceIpConfig", Values=["10.9.0.0/16"]), "source"),
    ]
    arns = [
        cloud.elb.create_rule(
            ListenerArn=cloud.listener, Priority=priority, Conditions=[condition], Actions=fixed(text)
        )["Rules"][0]["RuleArn"]
        for priority, condition, text in rules
    ]
    assert cloud.get("/abc") == (200, 'it\'s "ab" {and} one %more')
    assert cloud.get("/a/b") == (200, "path")
    assert cloud.get("/", Host="www.example.org:8080") == (200, "host")
    assert cloud.get("/", **{"X-Kind": "Newer"}) == (200, "header")
    assert cloud.get("/?u=2&v=1") == (200, "query")
    assert cloud.get("/?u=2&v=12")[1] not in {"query", "source", "method"}
    for arn in arns:
        cloud.elb.delete_rule(RuleArn=arn)
    assert cloud.get("/abc")[1].endswith("127.0.0.1")


def test_a_redirect_keeps_path_and_query(cloud: Cloud) -> None:
    listener = cloud.elb.create_listener(
        LoadBalancerArn=cloud.balancer,
        Protocol="HTTP",
        Port=8081,
        DefaultActions=[
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ],
    )["Listeners"][0]["ListenerArn"]
    connection = http.client.HTTPConnection(cloud.address, 8081, timeout=5)
    seen = []
    for path in ("/a/b?c=d", "/a"):
        connection.request("GET", path, headers={"Host": "amy.example.org"})
        response = connection.getresponse()
        response.read()
        seen.append((response.status, response.headers["Location"]))
    assert seen == [(301, "https://amy.example.org:443/a/b?c=d"), (301, "https://amy.example.org:443/a")]
    cloud.elb.delete_listener(ListenerArn=listener)


def test_reloads_lose_no_request_of_a_kept_alive_connection(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    """nbsrv() is 0 in a worker that is being replaced; its clients would get a 503."""
    statuses: list[int] = []
    done = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection(cloud.address, 8080, timeout=10)
        while not done.is_set():
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            except (ConnectionError, http.client.HTTPException):
                connection.close()  # the old worker closed an idle connection: a client may ask again

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    worker = cloud.worker()
    for seconds in (50, 55, 50, 55, 60):
        attribute = [{"Key": "idle_timeout.timeout_seconds", "Value": str(seconds)}]
        cloud.elb.modify_load_balancer_attributes(LoadBalancerArn=cloud.balancer, Attributes=attribute)
    assert cloud.worker() != worker
    time.sleep(1)
    done.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert set(cloud.states().values()) == {"healthy"}


def test_a_killed_control_plane_comes_back_and_nothing_is_lost(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    first, second = backends
    worker = cloud.worker()
    deregistered = time.monotonic()
    cloud.deregister(first.port)
    time.sleep(0.3)
    cloud.kill()
    statuses = [cloud.get()[0] for _ in range(20)]
    cloud.start()
    assert cloud.worker() == worker, "the restart replaced HAProxy"
    statuses += [cloud.get()[0] for _ in range(20)]
    assert set(statuses) == {200}
    assert cloud.states()[second.port] == "healthy", "the replay took a target out of rotation"
    states = cloud.states()
    if time.monotonic() - deregistered < LAG + DELAY:
        assert states[first.port] == "draining"
    until(lambda: first.port not in cloud.states())
    assert cloud.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"] == cloud.balancer


def test_a_dead_haproxy_is_started_again(cloud: Cloud, backends: tuple[Backend, Backend]) -> None:
    master = Haproxy(Files(directory=cloud.directory / "haproxy")).master()
    assert master is not None
    os.kill(master, signal.SIGKILL)
    until(lambda: Haproxy(Files(directory=cloud.directory / "haproxy")).master() not in {None, master})
    until(lambda: set(cloud.states().values()) == {"healthy"})
    assert cloud.get()[0] == 200
