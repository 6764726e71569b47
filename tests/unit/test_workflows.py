# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of .github/workflows/deploy.yml, run as the shell they are, with a `make` that says what it was asked; and
what ci.yml tests the roles on."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.local_cloud.distributions import DISTRIBUTIONS
from scripts.report_summary import main
from tests.controllers.table import CONTROLLERS

ROOT = Path(__file__).resolve().parents[2]
STEPS = {
    step["name"]: step
    for step in yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]["deploy"]["steps"]
    if "run" in step
}


def run(step: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the workflow, in the checkout, with `folder` as home and first on the PATH."""
    make = folder / "make"
    make.write_text('#!/bin/sh\necho "make $*"\n')
    make.chmod(0o755)
    where = {"HOME": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-e", "-c", STEPS[step]["run"]],
        cwd=ROOT,
        env={**where, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("deploy", "make deploy STAGE=test VERSION=v1 $(id)\n"),
        ("rollback", "make rollback STAGE=test\n"),
        ("status", "make status STAGE=test\n"),
    ],
)
def test_the_command_is_make_and_its_inputs_are_no_shell(command: str, asked: str, tmp_path: Path) -> None:
    done = run("Run the command", tmp_path, COMMAND=command, STAGE="test", VERSION="v1 $(id)")
    assert (done.returncode, done.stdout) == (0, asked)


def test_another_command_is_refused(tmp_path: Path) -> None:
    done = run("Run the command", tmp_path, COMMAND="restore", STAGE="test", VERSION="")
    assert done.returncode == 2
    assert "deploy, rollback or status" in done.stderr


def test_only_the_owner_reads_the_key_and_only_named_hosts_are_known(tmp_path: Path) -> None:
    done = run("Take the key and the names of the hosts", tmp_path, SSH_PRIVATE_KEY="key", SSH_KNOWN_HOSTS="host key")
    assert done.returncode == 0, done.stderr
    key = tmp_path / ".ssh" / "id_ed25519"
    assert key.read_text() == "key\n"
    assert key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".ssh" / "known_hosts").read_text() == "host key\n"


def test_a_run_without_a_report_says_so(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    done = run("Show the report", tmp_path, STAGE="no-such-stage", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr
    assert "There is no report" in summary.read_text()


def test_the_newest_report_is_shown(tmp_path: Path) -> None:
    for number, outcome in enumerate(["succeeded", "rolled_back", "refused"]):
        folder = tmp_path / "test" / str(9 - number)
        folder.mkdir(parents=True)
        report = {
            "playbook": "deploy",
            "stage": "test",
            "outcome": outcome,
            "reason": "",
            "started": f"2026-01-0{number + 1}",
            "failures": [{"host": "web1", "phase": "Roll the web hosts", "step": "Prove that it serves"}],
            "hosts": [{"name": "web1", "from": "v1", "to": None}],
        }
        (folder / "report.json").write_text(json.dumps(report))
    shown = main("test", reports=tmp_path)
    assert "deploy on test: refused" in shown
    assert '- web1, in "Roll the web hosts": Prove that it serves' in shown
    assert "| web1 | v1 |  |" in shown


def test_a_called_workflow_checks_the_collection_out_and_not_its_caller() -> None:
    """Of its triggers YAML makes the key True."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    inputs = workflow[True]["workflow_call"]["inputs"]
    home = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]
    assert home == f"https://github.com/{inputs['collection_repository']['default']}"
    taken = workflow["jobs"]["deploy"]["steps"][0]["with"]
    assert taken["repository"].startswith("${{ inputs.collection_repository ||")
    assert taken["ref"].startswith("${{ inputs.collection_version ||")


def test_ci_tests_the_roles_on_every_distribution() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["roles"]
    assert job["strategy"]["matrix"]["distribution"] == list(DISTRIBUTIONS)


def test_ci_tests_the_oldest_and_the_newest_python() -> None:
    """Each brings its Ansible: see tests/unit/test_requirements.py. What is between is the part `controllers`."""
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == [CONTROLLERS[0].python, CONTROLLERS[-1].python]
