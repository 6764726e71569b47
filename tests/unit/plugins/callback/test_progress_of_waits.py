# SPDX-License-Identifier: GPL-3.0-or-later
"""What a terminal shows of a wait while it goes on, by real runs: a page of nginx's, and an API of AWS's."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.serving import serving
from tests.unit.plugins.callback.terminal import TerminalRun
from tests.unit.plugins.callback.test_progress import command, environment, piped

PLAYBOOK = """
- name: Wait
  hosts: web
  gather_facts: false
  tasks:
    - name: Wait until the requests in flight have ended
      carpentries.amy.nginx_drain:
        status_url: "{{ status_url }}"
        timeout: "{{ timeout | default(60) }}"
      when: status_url is defined
    - name: Leave the rotation
      carpentries.amy.alb_target:
        target_group: web
        target_id: "{{ target }}"
        state: out_of_rotation
        propagation: 3
        endpoint_url: "{{ endpoint }}"
        region: us-east-1
      delegate_to: localhost
      when: target is defined
"""
PAGE = """Active connections: 9
server accepts handled requests
 1 1 {requests}
Reading: 0 Writing: {writing} Waiting: 8
"""


class Nginx(ThreadingHTTPServer):
    """Shows three requests in flight for so many seconds from the first look on, and then none."""

    def __init__(self, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), StatusPage)
        self.seconds = seconds
        self.first_look: float | None = None
        self.looks = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class StatusPage(BaseHTTPRequestHandler):
    server: Nginx

    def do_GET(self) -> None:
        nginx = self.server
        now = time.monotonic()
        nginx.first_look = nginx.first_look or now
        nginx.looks += 1
        writing = 4 if now < nginx.first_look + nginx.seconds else 1
        page = PAGE.format(requests=nginx.looks, writing=writing).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_arguments: Any) -> None:
        """Stay silent."""


@pytest.fixture
def nginx() -> Iterator[Nginx]:
    with serving(Nginx(seconds=4)) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "inventories/local").mkdir(parents=True)
    (tmp_path / "playbooks/deploy.yml").write_text(PLAYBOOK)
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"web": {"hosts": {"web1": {}}, "vars": variables}}
    (tmp_path / "inventories/local/hosts.yml").write_text(json.dumps(hosts))
    return tmp_path


def in_terminal(site: Path, *arguments: str) -> TerminalRun:
    return TerminalRun(
        command(*arguments),
        columns=80,
        directory=site,
        environment={**environment(site), "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"},
    )


def shown(run: TerminalRun, text: str) -> bool:
    return any(text in line for screen in run.seen for line in screen)


def test_a_terminal_shows_what_is_in_flight(site: Path, nginx: Nginx) -> None:
    run = in_terminal(site, "-e", f"status_url={nginx.url}")
    assert run.finish() == 0, run.terminal.lines
    assert shown(run, "draining, 3 in flight · Wait until")
    assert any("0 requests in flight after " in line and "3 at the most" in line for line in run.terminal.lines)


def test_a_wait_that_is_watched_ends_in_time(site: Path, nginx: Nginx) -> None:
    nginx.seconds = 60
    run = in_terminal(site, "-e", f"status_url={nginx.url} timeout=3")
    assert run.finish() == 2
    final = " ".join(line.strip() for line in run.terminal.lines)
    waited = re.search(r"nginx is not idle after (\d+(?:\.\d+)?)", final)
    assert waited is not None, final
    assert 3 <= float(waited[1]) < 30
    assert "3 request(s) in flight" in final


def test_a_wait_without_a_terminal_costs_no_more_than_one_watch(site: Path, nginx: Nginx) -> None:
    output = piped(site, "-e", f"status_url={nginx.url}", "--diff")
    assert "0 requests in flight after " in output, output
    # Half a second apart, and five quiet ones at the end; a spell would begin with one more.
    assert nginx.looks <= 4 / 0.5 + 6


def test_a_dry_run_looks_once(site: Path, nginx: Nginx) -> None:
    run = in_terminal(site, "-e", f"status_url={nginx.url}", "--check")
    assert run.finish() == 0, run.terminal.lines
    assert nginx.looks == 1


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A target group of two, one of which is to leave; what a playbook must know of it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=endpoint)
    elbv2 = boto3.client("elbv2", region_name="us-east-1", endpoint_url=endpoint)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    group = elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]
    targets = [instance["InstanceId"] for instance in launched]
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": target} for target in targets])
    yield f"target={targets[0]} endpoint={endpoint}"
    server.stop()


def test_a_terminal_shows_what_the_load_balancer_says(site: Path, target: str) -> None:
    run = in_terminal(site, "-e", target)
    assert run.finish() == 0, run.terminal.lines
    assert shown(run, ", 1 of 1 healthy · Leave the rotation")
