# SPDX-License-Identifier: GPL-3.0-or-later
"""The local stage as a test sees it: from outside, past Ansible."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import docker

from plugins.module_utils.host_kinds import BY_NAME

STAGE_FILE = Path(__file__).resolve().parents[2] / ".local" / "stage.json"


def described_stage() -> dict[str, Any]:
    """Return what the local cloud says of the stage that it has; nothing if it does not run."""
    description: dict[str, Any] = json.loads(STAGE_FILE.read_text()) if STAGE_FILE.exists() else {}
    return description


class Fleet:
    """The hosts, the database and the load balancer of the running local stage."""

    def __init__(self) -> None:
        self.stage = described_stage()
        self.name = f"{self.stage['project']}-{self.stage['stage']}"
        self.hosts: dict[str, dict[str, str]] = {host["name"]: host for host in self.stage["hosts"]}
        settings = {
            "endpoint_url": self.stage["aws_endpoint_url"],
            "region_name": "us-east-1",
            "aws_access_key_id": "local",
            "aws_secret_access_key": "local",
        }
        self.ec2 = boto3.client("ec2", **settings)
        self.elb = boto3.client("elbv2", **settings)
        self.rds = boto3.client("rds", **settings)
        self.s3 = boto3.client("s3", **settings)
        self.ssm = boto3.client("ssm", **settings)
        self._docker = docker.from_env()

    def of_role(self, role: str) -> list[str]:
        """Return the names of a role's hosts."""
        return sorted(name for name, host in self.hosts.items() if host["role"] == role)

    def container(self, host: str) -> Any:
        """Return a host's container."""
        label = f"amy.local-cloud.instance={self.hosts[host]['instance_id']}"
        return self._docker.containers.list(all=True, filters={"label": label})[0]

    def instance(self, host: str) -> Any:
        """Return EC2's description of a host."""
        found = self.ec2.describe_instances(InstanceIds=[self.hosts[host]["instance_id"]])
        return found["Reservations"][0]["Instances"][0]

    @property
    def database(self) -> Any:
        """The database server's container."""
        return self.database_server(self.name)

    def database_server(self, identifier: str) -> Any:
        """Return the container of an RDS instance."""
        label = f"amy.local-cloud.database={identifier}"
        return self._docker.containers.list(all=True, filters={"label": label})[0]

    def start(self, host: str) -> None:
        """Start a host again, or one that has died, and wait until it answers over SSH."""

        def started() -> str:
            state = self.container(host).attrs["State"]
            return str(state["StartedAt"]) if state["Running"] else ""

        def has_booted() -> bool:
            # It may go down in the middle of the question.
            with contextlib.suppress(docker.errors.APIError):
                return bool(self.container(host).exec_run(["systemctl", "is-active", "--quiet", "ssh"])[0] == 0)
            return False

        before = started()
        self.ec2.reboot_instances(InstanceIds=[self.hosts[host]["instance_id"]])
        eventually(lambda: started() not in ("", before), within=180, what=f"{host} runs again")
        eventually(has_booted, within=180, what=f"{host} has booted")

    def run(self, host: str, command: str) -> str:
        """Return what a shell command prints on a host; raise AssertionError when it fails."""
        code, output = self.container(host).exec_run(["sh", "-c", command])
        text: str = output.decode(errors="replace")
        assert code == 0, f"{command!r} on {host} ended with {code}: {text}"
        return text

    def query(self, sql: str, *, server: str | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the application's database; counts come as int, truths as bool.

        `server` names another RDS instance that has a database of that name.
        """
        name = self.stage["database"]["name"]
        wrapped = f"SELECT coalesce(json_agg(row_to_json(r)), '[]') FROM ({sql}) AS r"  # noqa: S608 - from these tests
        command = [
            "runuser",
            "-u",
            "postgres",
            "--",
            "psql",
            "-d",
            name,
            "-AtX",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            wrapped,
        ]
        code, output = self.database_server(server or self.name).exec_run(command)
        assert code == 0, output.decode()
        return [tuple(row.values()) for row in json.loads(output)]

    def active_releases(self) -> dict[str, str]:
        """Return the version (the ref) that each application host's link points to, empty where there is none."""
        record = f"/webapps/{self.stage['domain']}/repo/.release.json"
        command = f'test ! -e {record} && echo \'{{"ref": ""}}\' || cat {record}'
        return {host: json.loads(self.run(host, command))["ref"] for host in self.application_hosts}

    def redis_cli(self) -> str:
        """Return the command by which an administrator speaks to Redis on its host."""
        name = f"/{self.stage['project']}/{self.stage['stage']}/redis_admin_password"
        password = self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return f"REDISCLI_AUTH={password} redis-cli --user admin -h $(hostname -I)"

    def queues(self, command: str) -> str:
        """Return what Redis answers to a command about the queues."""
        return self.run("redis1", f"{self.redis_cli()} -n 2 {command}")

    @property
    def target_group(self) -> str:
        """The ARN of the web hosts' target group."""
        found = self.elb.describe_target_groups(Names=[f"{self.name}-web"])["TargetGroups"]
        return str(found[0]["TargetGroupArn"])

    def target_states(self) -> dict[str, str]:
        """Return the load balancer's word on each web host."""
        found = self.elb.describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        names = {host["instance_id"]: name for name, host in self.hosts.items()}
        ids = {target["Target"]["Id"]: target["TargetHealth"]["State"] for target in found}
        return {names.get(instance, instance): state for instance, state in ids.items()}

    def in_rotation(self) -> bool:
        """Whether every web host serves."""
        return self.target_states() == dict.fromkeys(self.of_role("web"), "healthy")

    @property
    def application_hosts(self) -> list[str]:
        """The names of the hosts that have the application's release."""
        return [name for name, host in self.hosts.items() if BY_NAME[host["role"]].takes_release]

    def programs_run(self) -> bool:
        """Whether supervisor has nothing else to say of its programs on any host than that they run."""
        states = "supervisorctl status | awk '{print $2}' | sort --unique"
        hosts = [host for host in self.hosts if BY_NAME[self.hosts[host]["role"]].program]
        return all(self.run(host, states).split() == ["RUNNING"] for host in hosts)

    def fingerprint(self) -> dict[str, object]:
        """Return what a deploy that touches nothing leaves equal: releases, programs, migrations, rotation, lock."""
        site = f"/webapps/{self.stage['domain']}"
        # The scheduler ends, and is started again, whenever it finds no Redis.
        processes = 'supervisorctl status | awk \'{print $1, $2, $1 == "gunicorn" ? $4 : ""}\''
        look = f"readlink {site}/repo; ls {site}/releases {site}; {processes}"
        return {
            "hosts": {host: self.run(host, look) for host in self.application_hosts},
            "migrations": self.query("SELECT app, name FROM django_migrations ORDER BY id"),
            "rotation": self.target_states(),
            "lock": self.s3.list_objects_v2(Bucket=f"{self.name}-releases", Prefix="locks/")["KeyCount"],
            "site": self.fetch("/account/login/")[0],
        }

    def serves_all(self) -> bool:
        """Whether visitors get a page, whichever web host answers: the load balancer takes one after another."""
        return all(self.fetch("/account/login/")[0] == 200 for _ in range(4 * len(self.of_role("web"))))

    def fetch(self, path: str, *, method: str = "GET") -> tuple[int, str]:
        """Return status and body of a page, asked for through the load balancer as a visitor does."""
        url = self.stage["load_balancer_url"].rstrip("/") + path
        command = [
            "curl",
            "--silent",
            "--max-time",
            "10",
            "--request",
            method,
            "--header",
            f"Host: {self.stage['domain']}",
        ]
        answer = subprocess.run(
            [*command, "--write-out", "\n%{http_code}", url], capture_output=True, text=True, check=False
        )
        body, _, status = answer.stdout.rpartition("\n")
        return int(status or 0), body


def eventually(condition: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait until `condition` holds; raise AssertionError when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.5)


def seconds_until(condition: Callable[[], bool], *, within: float, what: str) -> float:
    """Return after how many seconds `condition` held; raise AssertionError when it does not within so many."""
    began = time.monotonic()
    eventually(condition, within=within, what=what)
    return time.monotonic() - began
