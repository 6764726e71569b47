# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback inside real ansible-playbook runs: what it sees of Ansible cannot be known from mocks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
SECRET = "s3cr3t-planted"
PLAYBOOK = """
- name: Begin
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Begin the report
      carpentries.amy.deploy_event:
        type: plan
        data: {deploy_id: d1, stage: local, release: {ref: v2}}
    - name: Require a version
      ansible.builtin.fail: {msg: "There is no version v2. Look: make status STAGE=<stage>"}
      when: unknown is defined
- name: Check
  hosts: web
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.debug: {msg: hello}
- name: Build
  hosts: web
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Build it
      ansible.builtin.fail: {msg: "The build failed: no matching distribution"}
      when: inventory_hostname == unbuilt | default('')
- name: Plan
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Name the deploy
      carpentries.amy.deploy_event:
        type: plan
        data: {deploy_id: d1, stage: local, release: {id: v2-abc, ref: v2}, previous_release: v1-abc}
    - name: Choose the strategy
      carpentries.amy.deploy_event: {type: strategy, data: {strategy: rolling, reasons: []}}
- name: Roll
  hosts: web
  serial: 1
  gather_facts: false
  tasks:
    - name: Leave
      carpentries.amy.deploy_event: {type: host_out_of_service}
    - name: Use a secret
      ansible.builtin.fail: {msg: s3cr3t-planted}
      no_log: true
      when: inventory_hostname == bad | default('')
    - name: Wait
      ansible.builtin.wait_for: {timeout: "{{ pause }}"}
      when: pause is defined
      delegate_to: localhost
    - name: Rejoin
      carpentries.amy.deploy_event: {type: host_in_service}
- name: Count
  hosts: web
  gather_facts: false
  tasks:
    - name: Count
      when: log is defined
      vars:
        ansible_python_interpreter: "{{ ansible_playbook_python }}"
      block:
        - name: Count the requests
          carpentries.amy.request_statistics_info:
            log: "{{ log }}.{{ inventory_hostname }}"
            since: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
      rescue:
        - name: Record why not
          carpentries.amy.deploy_event: {type: requests, data: {missing: "{{ ansible_failed_result.msg }}"}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    for name in ("deploy", "modernize", "other"):
        (tmp_path / "playbooks" / f"{name}.yml").write_text(PLAYBOOK)
    (tmp_path / "hosts.yml").write_text(
        json.dumps({"web": {"hosts": {"web1": {}, "web2": {}}, "vars": {"ansible_connection": "local"}}})
    )
    return tmp_path


def start(site: Path, *arguments: str, playbook: str = "deploy") -> subprocess.Popen[str]:
    program = Path(sys.executable).with_name("ansible-playbook")
    # Whoever starts the tests in the background lets them ignore SIGINT, and a child inherits that.
    heeding_interrupts = ["env", "--default-signal=INT"]
    return subprocess.Popen(
        [*heeding_interrupts, program, "-i", "hosts.yml", f"playbooks/{playbook}.yml", *arguments],
        cwd=site,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(site / ".ansible")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(site: Path, *arguments: str, playbook: str = "deploy") -> tuple[int, str]:
    process = start(site, *arguments, playbook=playbook)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def report(site: Path) -> Any:
    return json.loads((site / "reports/local/latest/report.json").read_text())


def test_a_good_deploy(site: Path) -> None:
    code, output = run(site)
    assert code == 0, output
    assert "Report: reports/local/d1/report.html" in output
    content = report(site)
    assert (content["outcome"], content["release"]["id"]) == ("succeeded", "v2-abc")
    assert [phase["name"] for phase in content["phases"]] == ["Begin", "Check", "Build", "Plan", "Roll", "Count"]
    assert [(host["name"], host["role"]) for host in content["hosts"]] == [("web1", "web"), ("web2", "web")]
    assert all(host["out_of_service_start"] < host["out_of_service_end"] for host in content["hosts"])
    assert [step["name"] for step in content["hosts"][0]["steps"]] == ["Look", "Leave", "Rejoin"]


def test_requests_are_counted_where_they_can_be(site: Path) -> None:
    moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
    line = json.dumps({"time": moment, "status": 200, "seconds": 0.05, "client": "198.51.100.7"}) + "\n"
    (site / "access.log.web1").write_text(line * 3)
    code, output = run(site, "-e", f"log={site / 'access.log'}")
    assert code == 0, output
    requests = report(site)["requests"]
    assert sum(requests[part]["count"] for part in ("before", "during", "after")) == 3
    (missing,) = requests["missing"]
    assert missing["host"] == "web2"
    assert "No such file" in missing["reason"]


def test_a_deploy_that_is_refused_at_once_leaves_its_report(site: Path) -> None:
    code, output = run(site, "-e", "unknown=true")
    assert code == 2
    assert "Report: reports/local/d1/report.html" in output
    content = report(site)
    assert (content["outcome"], content["release"]["ref"]) == ("refused", "v2")
    assert content["reason"] == "localhost: Require a version: There is no version v2. Look: make status STAGE=local"
    assert content["failures"][0]["phase"] == "Begin"


@pytest.mark.parametrize("playbook", ["deploy", "modernize"])
def test_a_build_that_fails_leaves_its_report(site: Path, playbook: str) -> None:
    """Also in the deploy that a move begins with."""
    code, output = run(site, "-e", "unbuilt=web2", playbook=playbook)
    assert code == 2
    assert "Report: reports/local/d1/report.html" in output
    content = report(site)
    assert (content["outcome"], content["failures"][0]["phase"]) == ("refused", "Build")
    assert content["reason"] == "web2: Build it: The build failed: no matching distribution"


def test_a_failed_deploy_keeps_the_secret(site: Path) -> None:
    code, _ = run(site, "-e", "bad=web1")
    assert code == 2
    content = report(site)
    assert content["outcome"] == "failed"
    assert content["reason"].startswith("web1: Use a secret: the output is hidden")
    assert content["hosts"][0]["out_of_service_end"] is None
    for path in (site / "reports/local/d1").iterdir():
        assert SECRET not in path.read_text()


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, "interrupted"), (signal.SIGKILL, "did not finish")])
def test_a_stopped_deploy_leaves_its_report(site: Path, number: signal.Signals, expected: str) -> None:
    process = start(site, "-e", "pause=20")
    journal = site / "reports/local/d1/journal.jsonl"
    deadline = time.monotonic() + 120
    while not (journal.exists() and '"Leave"' in journal.read_text()):
        assert time.monotonic() < deadline, "the deploy did not begin to roll"
        time.sleep(0.1)
    # Python loses an exception that a signal raises in the middle of a fork; by then the next task has been forked.
    time.sleep(1)
    process.send_signal(number)
    process.wait(timeout=60)
    content = report(site)
    assert content["outcome"] == "failed"
    assert expected in content["reason"]
    assert '"Roll"' in content["reason"]


@pytest.mark.parametrize(
    ("arguments", "playbook"),
    [pytest.param(["--check"], "deploy", id="check mode"), pytest.param([], "other", id="another playbook")],
)
def test_everything_else_leaves_no_report(site: Path, arguments: list[str], playbook: str) -> None:
    code, output = run(site, *arguments, playbook=playbook)
    assert code == 0, output
    assert not (site / "reports").exists()
