# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `jobs` on a stage of one host: real RQ, a real Redis, two releases and an S3 of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.s3 import ENVIRONMENT, S3, s3
from tests.unit.plugins.module_utils.rq.rq_system import JOBS

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils.rq.rq_system import Rq

ROOT = Path(__file__).parents[5]
BUCKET = "amy-releases"
MANAGE = "import sys; exec(sys.argv[sys.argv.index('-c') + 1])\n"
WITHOUT_LETTER = JOBS.replace("class Letter", "class Mail")

GROUPS = ("worker", "scheduler", "redis", "application")
# What the phases before have found.
BEGIN = {
    "hosts": "localhost",
    "connection": "local",
    "gather_facts": False,
    "tasks": [
        {
            "set_fact": {
                "deploy": {
                    **{"id": "20260331T120000Z-v2", "release": "v2", "ref": "v2", "commit": "v2"},
                    "plan": {
                        "needed": True,
                        "previous": "v1",
                        "pause_queues": True,
                        "keeper": "scheduler1",
                        "change": ["scheduler1"],
                    },
                },
                "check_lock": {"taken_over": False},
            }
        }
    ],
}
FAIL = {"set_fact": {"deploy_host": {"name": "worker1", "failures": [{"message": "it does not start"}]}}}

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(os.geteuid() != 0, reason="the playbook runs the application as its user, by root's right"),
    # Each runs several playbooks.
    pytest.mark.timeout(900),
]


@dataclass(frozen=True)
class Told:
    """What the playbook has said, without Ansible's line breaks, and its exit code."""

    code: int
    output: str


@dataclass
class Stage:
    """A stage whose one host is this machine: release v1 runs, v2 is staged, and has no class Letter."""

    directory: Path
    rq: Rq
    bucket: S3

    def jobs(self, **options: str) -> Told:
        """Run `make jobs` with its variables, such as `mode`."""
        return self.run(
            "carpentries.amy.jobs", *(f"--extra-vars=jobs_{name}={value}" for name, value in options.items())
        )

    def deploy(self, *arguments: str, fails: bool) -> Told:
        """Run those phases of a deploy of v2 that jobs go through; in between it `fails`."""
        between = {"hosts": "scheduler1", "gather_facts": False, "tasks": [FAIL] if fails else []}
        phases = [{"import_playbook": f"{ROOT}/playbooks/phases/{name}.yml"} for name in ("pause_queues", "finish")]
        playbook = self.directory / "deploy.json"
        playbook.write_text(json.dumps([BEGIN, phases[0], between, phases[1]]))
        return self.run(str(playbook), *arguments)

    def run(self, playbook: str, *arguments: str) -> Told:
        """Run a playbook."""
        inventory, wiring = self.directory / "inventory.json", f"--extra-vars=@{self.directory}/wiring.json"
        command = ["ansible-playbook", "-i", str(inventory), playbook, wiring, *arguments]
        # The machine's own supervisor, or its absence, is no part of the stage.
        path = f"{self.directory}/bin:{os.environ['PATH']}"
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "PATH": path}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return Told(done.returncode, " ".join((done.stdout + done.stderr).replace("\\n", " ").split()))

    def aside(self) -> list[str]:
        """The names of the sets in the bucket."""
        found = self.bucket.client.list_objects_v2(Bucket=BUCKET, Prefix="backups/jobs/").get("Contents", [])
        return [Path(item["Key"]).stem for item in found]

    def activate(self, release: str) -> None:
        """Let a release run."""
        link = self.directory / "repo"
        link.unlink(missing_ok=True)
        link.symlink_to(self.directory / "releases" / release)


@pytest.fixture
def stage(rq: Rq, tmp_path: Path) -> Iterator[Stage]:
    directory = tmp_path / "site"
    for release, jobs in (("v1", JOBS), ("v2", WITHOUT_LETTER)):
        folder = directory / "releases" / release
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / "jobs.py").write_text(jobs)
        (folder / "manage.py").write_text(MANAGE)
        (folder / ".release.json").write_text(json.dumps({"id": release, "ref": release, "commit": release}))
        program = folder / ".venv/bin/with-environment"
        program.write_text(f'#!/bin/sh\nPATH={rq.python.parent}:$PATH exec "$@"\n')
        program.chmod(0o755)
    supervisorctl = directory / "bin/supervisorctl"
    supervisorctl.parent.mkdir()
    supervisorctl.write_text("#!/bin/sh\n")
    supervisorctl.chmod(0o755)
    source = tmp_path / "source"
    git = ["git", "-C", str(source), "-c", "user.name=test", "-c", "user.email=test@example.org"]
    source.mkdir()
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "v2"], ["tag", "v2"]):
        subprocess.run([*git, *command], check=True)
    with s3() as bucket:
        bucket.client.create_bucket(Bucket=BUCKET)
        aws = {**ENVIRONMENT, "AWS_ENDPOINT_URL": bucket.url, "AWS_REGION": "us-east-1"}
        variables = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "stage": "test",
            "project": "amy",
            "domain": "amy.test",
            "bucket": BUCKET,
            "aws_region": "us-east-1",
            "aws_environment": aws,
            "database_backup_aws_environment": ENVIRONMENT,
            "release_hosts_endpoint_url": bucket.url,
            "release_repository": str(source),
            "release_cache_directory": str(tmp_path / "cache"),
            "release_secrets": {},
            "release_environment": {},
        }
        # What playbooks/vars/wiring.yml says of a real stage.
        wiring = {
            "site_root": str(directory),
            "base_user": "root",
            "queue_redis_url": rq.url,
            "release_resolved": {"id": "v2"},
        }
        (directory / "wiring.json").write_text(json.dumps(wiring))
        inventory: dict[str, Any] = {"all": {"children": {group: {"hosts": {"scheduler1": {}}} for group in GROUPS}}}
        inventory["all"]["children"]["web"] = {}
        (directory / "inventory.json").write_text(json.dumps(inventory))
        (directory / "group_vars").mkdir()
        (directory / "group_vars/all.json").write_text(json.dumps(variables))
        made = Stage(directory, rq, bucket)
        made.activate("v1")
        yield made
    shutil.rmtree(directory)


def test_jobs_go_aside_are_listed_and_come_back(stage: Stage) -> None:
    letter = "s.enqueue_in(datetime.timedelta(days=9), jobs.Letter('b'))"
    job, other = stage.rq.run(f"print({letter}.id, q.enqueue(jobs.record, 'a').id)").split()
    listed = stage.jobs()
    assert listed.code == 0, listed.output
    assert "1 x jobs.Letter.__call__: scheduled, due 20" in listed.output
    assert "2 jobs wait and 0 have failed; v1 cannot load 0" in listed.output

    listed = stage.jobs(mode="list", version="v2")
    assert "v2 cannot load 1 of those that wait" in listed.output, listed.output
    assert "make jobs MODE=aside STAGE=test VERSION=v2" in listed.output

    moved = stage.jobs(mode="aside", version="v2")
    assert moved.code == 0, moved.output
    (name,) = stage.aside()
    assert f"make jobs MODE=restore STAGE=test FROM={name}" in moved.output
    assert "redis://" not in moved.output
    assert stage.rq.client.zcard("rq:scheduler:scheduled_jobs") == 0
    assert stage.rq.client.lrange("rq:queue:default", 0, -1) == [other.encode()]
    # The queues and the lock are free again.
    assert not stage.rq.client.exists("rq:suspended", "rq:scheduler_lock")
    assert stage.bucket.client.list_objects_v2(Bucket=BUCKET, Prefix="locks/")["KeyCount"] == 0
    assert name in stage.jobs().output

    stage.activate("v2")
    refused = stage.jobs(mode="restore", **{"from": name})
    assert f"{job} cannot be loaded by the running release" in refused.output
    assert stage.aside() == [name]

    stage.activate("v1")
    back = stage.jobs(mode="restore", **{"from": name})
    assert back.code == 0, back.output
    assert "Jobs put back: 1" in back.output
    assert stage.rq.client.zrange("rq:scheduler:scheduled_jobs", 0, -1) == [job.encode()]
    assert stage.aside() == []
    assert not stage.rq.client.keys("rq:aside:*")


def test_jobs_are_forgotten_only_when_that_is_confirmed(stage: Stage) -> None:
    stage.rq.run("q.enqueue(jobs.record, 'a')")
    assert stage.jobs(mode="aside", names="all").code == 0
    (name,) = stage.aside()
    refused = stage.jobs(mode="forget", **{"from": name})
    assert refused.code != 0
    assert f"CONFIRM=test/{name}" in refused.output
    assert stage.aside() == [name]
    forgotten = stage.jobs(mode="forget", confirm=f"test/{name}", **{"from": name})
    assert forgotten.code == 0, forgotten.output
    assert (stage.aside(), stage.rq.client.keys("rq:aside:*")) == ([], [])


def test_jobs_are_moved_by_name_whatever_can_load_them(stage: Stage) -> None:
    first, second = stage.rq.run("print(q.enqueue(jobs.record, 'a').id, q.enqueue(jobs.Letter('b')).id)").split()
    moved = stage.jobs(mode="aside", names=f"jobs.record,{second}")
    assert moved.code == 0, moved.output
    assert stage.rq.client.llen("rq:queue:default") == 0
    back = stage.jobs(mode="restore", **{"from": stage.aside()[0]})
    assert back.code == 0, back.output
    assert stage.rq.client.lrange("rq:queue:default", 0, -1) == [first.encode(), second.encode()]


def test_queues_that_a_reversal_holds_stay_held(stage: Stage) -> None:
    stage.rq.run("q.enqueue(jobs.record, 'a')")
    stage.rq.client.set("rq:suspended", "deploy:20260331T120000Z-reverse-migrations", ex=600)
    assert stage.jobs(mode="aside", names="jobs.record").code == 0
    assert stage.rq.client.get("rq:suspended") == b"deploy:20260331T120000Z-reverse-migrations"
    assert len(stage.aside()) == 1
    nothing = stage.jobs(mode="aside", names="jobs.record")
    assert "No job was moved: there is none of jobs.record." in nothing.output, nothing.output


def test_a_release_that_is_not_on_the_host_is_no_release_to_ask(stage: Stage) -> None:
    shutil.rmtree(stage.directory / "releases/v2")
    told = stage.jobs(mode="aside", version="v2")
    assert told.code != 0
    assert "v2 is not on scheduler1 yet" in told.output
    assert "make deploy STAGE=test VERSION=v2" in told.output


def test_a_deploy_moves_jobs_aside_that_it_was_told_of_and_puts_them_back_if_it_fails(stage: Stage) -> None:
    letter = "s.enqueue_in(datetime.timedelta(days=9), jobs.Letter('b'))"
    job = stage.rq.run(f"print({letter}.id)").encode()
    refused = stage.deploy(fails=False)
    assert "The release v2 cannot load 1 of 1 waiting jobs" in refused.output, refused.output
    assert stage.rq.client.zrange("rq:scheduler:scheduled_jobs", 0, -1) == [job]
    assert not stage.rq.client.exists("rq:suspended")

    accepted = "--extra-vars=deploy_accept_jobs=jobs.Letter.__call__"
    failed = stage.deploy(accepted, fails=True)
    assert "Jobs moved aside: 1" in failed.output, failed.output
    assert "Jobs put back: 1" in failed.output, failed.output
    assert stage.rq.client.zrange("rq:scheduler:scheduled_jobs", 0, -1) == [job]
    assert stage.aside() == []

    stage.deploy(accepted, fails=False)
    assert stage.rq.client.zcard("rq:scheduler:scheduled_jobs") == 0
    assert stage.aside() == ["20260331T120000Z-v2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "away"}, 'There is no MODE "away"'),
        ({"mode": "aside"}, "Which jobs?"),
        ({"mode": "restore", "from": "../locks/test"}, 'Nothing was moved aside as "../locks/test"'),
    ],
)
def test_bad_input_stops_before_anything_is_touched(stage: Stage, options: dict[str, str], message: str) -> None:
    told = stage.jobs(**options)
    assert told.code != 0
    assert message in told.output, told.output
