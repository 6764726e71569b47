# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage that exists only in the answers of an API, and an operator who provisions it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from lab.local_cloud.api_request import ApiRequest
from scripts import playbook

ROOT = Path(__file__).resolve().parents[2]
# The endpoint as the stages of the local cloud name it.
LOCAL_PORT = "5077"
ENVIRONMENT = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
    "PYTHONPATH": str(ROOT / "tests/provision/hurry"),
}
STEP = re.compile(r"^TASK \[(?:[\w.]+ : )?(.*)\] \*+$", re.MULTILINE)
CHANGED = re.compile(r"^changed: ", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What one playbook did: its exit code, and all that it printed."""

    code: int
    output: str

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something, without the names of their roles."""
        steps = STEP.split(self.output)[1:]
        return [name for name, said in zip(steps[::2], steps[1::2]) if CHANGED.search(said)]


class Stage:
    """A stage's inventory, copied and pointed at an API of its own; `choices` are added to its group variables."""

    def __init__(self, directory: Path, choices: Mapping[str, Any], *, name: str = "local") -> None:
        self._directory = directory
        self._inventory = directory / playbook.inventory(name)
        self.port = _free_port()
        inventory = self._inventory
        shutil.copytree(ROOT / playbook.inventory(name), inventory)
        for file in (inventory / "aws_ec2.yml", inventory / "group_vars/all/local_cloud.yml"):
            file.write_text(file.read_text().replace(LOCAL_PORT, str(self.port)))
        (inventory / "group_vars/all/whole.yml").write_text(json.dumps(dict(choices)))
        (directory / ".local").mkdir()
        (directory / ".local/id_ed25519.pub").write_text(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAUouU4qkBGIrtH632js9dq4CPELdjLs371unPCNlPo amy\n"
        )
        (directory / ".local/stage.json").write_text(json.dumps({"load_balancer_url": "http://127.77.0.10"}))
        # inventories/local pins the agent's package to the one that the local cloud builds.
        (directory / ".local/agent").mkdir()
        for item in ("version", "fingerprint"):
            (directory / ".local/agent" / item).write_text("1.0-1\n")
        self._start()

    def _start(self) -> None:
        log = (self._directory / "cloud.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.provision.cloud", str(self._directory / ".local"), str(self.port)],
            cwd=ROOT,
            stderr=log,
        )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, (
                self._directory / "cloud.log"
            ).read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return bool(self._control("GET", "/_local/status"))
        except OSError:
            return False

    def end(self) -> None:
        """End the API."""
        self._process.terminate()
        self._process.wait(30)

    def client(self, service: str) -> Any:
        """A boto3 client of the stage's API."""
        make: Any = boto3.client  # its overloads name every service
        return make(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def play(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook of the collection on the stage."""
        result = subprocess.run(
            [
                "ansible-playbook",
                "-i",
                self._inventory,
                f"carpentries.amy.{playbook}",
                *arguments,
            ],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(code=result.returncode, output=result.stdout)

    def aliases(self, name: str) -> dict[str, str]:
        """What the alias records of a name lead to, by type."""
        route53 = self.client("route53")
        zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
        records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return {
            record["Type"]: record["AliasTarget"]["DNSName"]
            for record in records
            if record["Name"] == f"{name}." and "AliasTarget" in record
        }

    def throttle(self, *, every: int) -> None:
        """Let each `every`-th call be refused until `calm` is called."""
        self._control("POST", "/_local/faults", {"action": "*", "code": "throttle", "every": every, "times": 100_000})

    def calm(self) -> None:
        """Throttle no more."""
        self._control("DELETE", "/_local/faults")

    def forget_calls(self) -> None:
        """Count the calls from here on."""
        self._control("DELETE", "/_local/calls")

    def calls(self) -> Counter[str]:
        """How often each action was called."""
        return Counter(self._control("GET", "/_local/calls"))

    def changes(self) -> list[str]:
        """The actions called that change something."""
        return [action for action in self.calls() if _request(action).mutating]

    def _control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            return json.load(response)


def _request(action: str) -> ApiRequest:
    return ApiRequest(protocol="rest" if " " in action else "json", action=action, service="")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
