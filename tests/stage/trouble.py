# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a stage: each begins with the block, and has gone with its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.stage.fleet import Fleet, eventually
from tests.stage.operator import ROOT

SCHEDULER_LOCK = "rq:scheduler_lock"
SCHEDULED = "rq:scheduler:scheduled_jobs"

Trouble = Callable[[Fleet], AbstractContextManager[object]]

BUCKET = "amy-local-releases"
SECRET = "/amy/local/secret_key"
LOCK = {
    "stage": "local",
    "owner": "maria@laptop",
    "reason": "deploy v2",
    "version": "v2",
    "deploy_id": "20260101T000000Z-v2",
    "token": "another",
    "taken": "2026-01-01T00:00:00Z",
    "expires": "2999-01-01T00:00:00Z",
    "process": None,
}


@contextmanager
def missing_secret(fleet: Fleet) -> Iterator[None]:
    """Take a secret away."""
    value = fleet.ssm.get_parameter(Name=SECRET, WithDecryption=True)["Parameter"]["Value"]
    fleet.ssm.delete_parameter(Name=SECRET)
    try:
        yield
    finally:
        fleet.ssm.put_parameter(Name=SECRET, Value=value, Type="SecureString")


@contextmanager
def unreachable_host(fleet: Fleet) -> Iterator[None]:
    """Freeze a host."""
    container = fleet.container("worker1")
    container.pause()
    try:
        yield
    finally:
        container.unpause()


@contextmanager
def full_disk(fleet: Fleet) -> Iterator[None]:
    """Put the site of a web host on a file system that has no room for another release."""
    site = f"/webapps/{fleet.stage['domain']}"
    fleet.run("web1", f"mount -t tmpfs -o size=1000m full /mnt && cp -a {site}/. /mnt/ && mount --bind /mnt {site}")
    try:
        yield
    finally:
        # Lazily: the log agent has opened them here.
        fleet.run("web1", f"umount --lazy {site} && umount --lazy /mnt")


@contextmanager
def obstructed_host(fleet: Fleet) -> Iterator[None]:
    """Put a file where a role has its folder."""
    library = "/usr/local/lib/amy-rq-worker"
    fleet.run("worker1", f"mv {library} {library}.kept && touch {library}")
    try:
        yield
    finally:
        fleet.run("worker1", f"rm {library} && mv {library}.kept {library}")


@contextmanager
def redis_down(fleet: Fleet) -> Iterator[None]:
    """Stop Redis."""
    fleet.run("redis1", "systemctl stop redis-server")
    try:
        yield
    finally:
        fleet.run("redis1", "systemctl start redis-server")


@contextmanager
def database_down(fleet: Fleet) -> Iterator[None]:
    """Stop PostgreSQL."""
    fleet.database.exec_run(["systemctl", "stop", "postgresql@15-main"])
    try:
        yield
    finally:
        fleet.database.exec_run(["systemctl", "start", "postgresql@15-main"])


@contextmanager
def lock_of_another(fleet: Fleet) -> Iterator[None]:
    """Let another operator's deploy hold the lock."""
    with _lock(fleet, LOCK):
        yield


@contextmanager
def abandoned_lock(fleet: Fleet) -> Iterator[None]:
    """Let a deploy hold the lock that has died long ago."""
    with _lock(fleet, LOCK | {"expires": "2026-01-01T02:00:00Z"}):
        yield


@contextmanager
def _lock(fleet: Fleet, document: dict[str, str | None]) -> Iterator[None]:
    fleet.s3.put_object(Bucket=BUCKET, Key="locks/local.json", Body=json.dumps(document).encode())
    try:
        yield
    finally:
        fleet.s3.delete_object(Bucket=BUCKET, Key="locks/local.json")


@contextmanager
def expired_credentials(_: Fleet) -> Iterator[None]:
    """Let the AWS API refuse the operator."""
    fault = [sys.executable, "-m", "lab.local_cloud", "fault"]
    subprocess.run(
        [*fault, "fail", "DescribeInstances", "--code", "RequestExpired", "--times", "100"], cwd=ROOT, check=True
    )
    try:
        yield
    finally:
        subprocess.run([*fault, "clear"], cwd=ROOT, check=True)


@contextmanager
def stopped_host(fleet: Fleet) -> Iterator[None]:
    """Let a web host die."""
    fleet.container("web2").kill()
    try:
        yield
    finally:
        fleet.start("web2")


@contextmanager
def deregistered_host(fleet: Fleet) -> Iterator[None]:
    """Take a web host out of the load balancer's rotation."""
    group, instance = fleet.target_group, fleet.hosts["web1"]["instance_id"]
    fleet.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": instance}])
    try:
        yield
    finally:
        fleet.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": instance}])


@contextmanager
def page_by_hand(fleet: Fleet) -> Iterator[None]:
    """Switch the maintenance page of one host on as an operator does without Ansible."""
    page = f"cd /webapps/{fleet.stage['domain']} && mv maintenance_{{}}.html maintenance_{{}}.html"
    fleet.run("web1", page.format("off", "on"))
    try:
        yield
    finally:
        fleet.run("web1", page.format("on", "off"))


@contextmanager
def gunicorn_stopped(fleet: Fleet) -> Iterator[None]:
    """Stop gunicorn on one web host."""
    with _stopped(fleet, host="web1", program="gunicorn"):
        yield


@contextmanager
def workers_stopped(fleet: Fleet) -> Iterator[None]:
    """Stop all workers of the one worker host."""
    with _stopped(fleet, host="worker1", program="rqworker:*"):
        yield


@contextmanager
def scheduler_stopped(fleet: Fleet) -> Iterator[None]:
    """Stop the scheduler."""
    with _stopped(fleet, host="scheduler1", program="rqscheduler"):
        yield


@contextmanager
def _stopped(fleet: Fleet, *, host: str, program: str) -> Iterator[None]:
    fleet.run(host, f"supervisorctl stop '{program}'")
    try:
        yield
    finally:
        fleet.run(host, f"supervisorctl start '{program}'")


@contextmanager
def overdue_job(fleet: Fleet) -> Iterator[None]:
    """Keep the scheduler from its ticks, as one does that has died in the middle of one, while a job is due."""
    job = "due-for-ten-minutes"
    eventually(
        lambda: "OK" in fleet.queues(f"set {SCHEDULER_LOCK} dead nx ex 600"), within=60, what="the scheduler rests"
    )
    fleet.queues(f"zadd {SCHEDULED} $(($(date +%s) - 600)) {job}")
    try:
        yield
    finally:
        fleet.queues(f"zrem {SCHEDULED} {job}")
        fleet.queues(f"del {SCHEDULER_LOCK}")


@contextmanager
def stale_backup(fleet: Fleet) -> Iterator[None]:
    """Let all backups of the database be older than they are."""
    manifests = f"/webapps/{fleet.stage['domain']}/DB_backups/*.dump.manifest.json"
    age = 'sed -i.kept -E \'s/"started": "[0-9]{4}/"started": "2025/\''
    fleet.run("scheduler1", f"{age} {manifests}")
    try:
        yield
    finally:
        fleet.run("scheduler1", f'for kept in {manifests}.kept; do mv "$kept" "${{kept%.kept}}"; done')
