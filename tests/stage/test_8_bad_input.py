# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploys that cannot succeed: each says what is wrong and stops before it has touched anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import ROOT, deploy

BUCKET = "amy-local-releases"
SECRET = "/amy/local/secret_key"
LOCK = {
    "stage": "local",
    "owner": "maria@laptop",
    "reason": "deploy v2",
    "version": "v2",
    "deploy_id": "20260101T000000Z-v2",
    "token": "somebody-else",
    "taken": "2026-01-01T00:00:00Z",
    "expires": "2999-01-01T00:00:00Z",
    "process": None,
}


@contextmanager
def unknown_version(_: Fleet) -> Iterator[str]:
    """Ask for a version that the repository does not have."""
    yield "v99"


@contextmanager
def missing_secret(fleet: Fleet) -> Iterator[str]:
    """Take a secret away."""
    value = fleet.ssm.get_parameter(Name=SECRET, WithDecryption=True)["Parameter"]["Value"]
    fleet.ssm.delete_parameter(Name=SECRET)
    try:
        yield "v2"
    finally:
        fleet.ssm.put_parameter(Name=SECRET, Value=value, Type="SecureString")


@contextmanager
def unreachable_host(fleet: Fleet) -> Iterator[str]:
    """Freeze a host."""
    container = fleet.container("worker1")
    container.pause()
    try:
        yield "v2"
    finally:
        container.unpause()


@contextmanager
def full_disk(fleet: Fleet) -> Iterator[str]:
    """Put the site of a web host on a file system that has no room for another release."""
    site = f"/webapps/{fleet.stage['domain']}"
    fleet.run("web1", f"mount -t tmpfs -o size=1000m full /mnt && cp -a {site}/. /mnt/ && mount --bind /mnt {site}")
    try:
        yield "v2"
    finally:
        # Lazily: whoever ships the logs has opened them here.
        fleet.run("web1", f"umount --lazy {site} && umount --lazy /mnt")


@contextmanager
def redis_down(fleet: Fleet) -> Iterator[str]:
    """Stop Redis."""
    fleet.run("redis1", "systemctl stop redis-server")
    try:
        yield "v2"
    finally:
        fleet.run("redis1", "systemctl start redis-server")


@contextmanager
def database_down(fleet: Fleet) -> Iterator[str]:
    """Stop PostgreSQL."""
    fleet.database.exec_run(["systemctl", "stop", "postgresql@15-main"])
    try:
        yield "v2"
    finally:
        fleet.database.exec_run(["systemctl", "start", "postgresql@15-main"])


@contextmanager
def lock_of_another(fleet: Fleet) -> Iterator[str]:
    """Let a deploy of somebody else hold the lock."""
    fleet.s3.put_object(Bucket=BUCKET, Key="locks/local.json", Body=json.dumps(LOCK).encode())
    try:
        yield "v2"
    finally:
        fleet.s3.delete_object(Bucket=BUCKET, Key="locks/local.json")


@contextmanager
def expired_credentials(_: Fleet) -> Iterator[str]:
    """Let the AWS API refuse the operator."""
    fault = [sys.executable, "-m", "local_cloud", "fault"]
    subprocess.run(
        [*fault, "fail", "DescribeInstances", "--code", "RequestExpired", "--times", "100"], cwd=ROOT, check=True
    )
    try:
        yield "v2"
    finally:
        subprocess.run([*fault, "clear"], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (unknown_version, r"has no tag, branch or commit '+v99'"),
        (missing_secret, r"lacks secrets in SSM Parameter Store:\s+/amy/local/secret_key"),
        (unreachable_host, r"worker1 cannot be reached over SSH"),
        (full_disk, r"web1 has .* free under /webapps"),
        (redis_down, r"gets no answer from Redis at .*"),
        (database_down, r"gets no answer from PostgreSQL at .*"),
        (lock_of_another, r"held by maria@laptop"),
        (expired_credentials, r"RequestExpired"),
    ],
    ids=lambda value: getattr(value, "__name__", "says"),
)
def test_a_deploy_that_cannot_succeed_touches_nothing(
    on_v1: Fleet, broken: Callable[[Fleet], AbstractContextManager[str]], message: str
) -> None:
    eventually(on_v1.programs_run, within=60, what="every program runs again")
    before = on_v1.fingerprint()
    with broken(on_v1) as version:
        refused = deploy(version)
    assert refused.code != 0, refused
    assert refused.says(message), refused
    eventually(lambda: on_v1.fingerprint() == before, within=60, what="everything is as it was")


def test_an_unknown_stage_is_refused() -> None:
    refused = subprocess.run(["make", "deploy", "STAGE=nowhere"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    stages = " ".join(sorted(path.name for path in (ROOT / "inventories").iterdir()))
    assert f'There is no stage "nowhere". Stages are the folders of inventories/: {stages}\n' in refused.stderr
