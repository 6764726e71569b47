# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback inside real ansible-playbook runs, in terminals and in a pipe."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.plugins.callback.terminal import TerminalRun

ROOT = Path(__file__).resolve().parents[4]
SECRET = "s3cr3t-planted"
REMEDY = "GET /version/ answered 500 three times in a row where the release was expected. Run: make logs STAGE=local"
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
PLAYBOOK = f"""
- name: Check
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Name the deploy
      carpentries.amy.deploy_event:
        type: plan
        data:
          deploy_id: d1
          stage: local
          release: {{id: v2-abc, ref: v2}}
          previous_release: v1-abc
          hosts: {{web1: web, web2: web}}
    - name: Say what will happen
      ansible.builtin.debug: {{msg: [web1 runs v1, web2 runs v1]}}
- name: Return the hosts
  hosts: web
  gather_facts: false
  tasks:
    - name: Do nothing
      ansible.builtin.debug: {{msg: never said}}
      when: false
- name: Converge
  hosts: web
  gather_facts: false
  tasks:
    - name: Configure
      ansible.builtin.import_role: {{name: carpentries.amy.settings}}
    - name: Use a secret
      ansible.builtin.command: "echo {SECRET} {{{{ item }}}}"
      loop: [1, 2]
      no_log: true
      changed_when: false
    - name: Fail with a secret
      ansible.builtin.fail: {{msg: {SECRET}}}
      no_log: true
      ignore_errors: true
      when: inventory_hostname == 'web1'
    - name: Warn of something
      warn_of_something:
- name: Roll
  hosts: web
  serial: 1
  gather_facts: false
  tasks:
    - name: Leave
      carpentries.amy.deploy_event: {{type: host_out_of_service}}
    - name: Wait until the requests in flight have ended
      ansible.builtin.wait_for: {{timeout: "{{{{ pause | default(1) }}}}"}}
      delegate_to: localhost
    - name: Change
      carpentries.amy.deploy_event: {{type: host_release, data: {{from: v1-abc, to: v2-abc}}}}
    - name: Prove
      ansible.builtin.fail: {{msg: "{REMEDY.replace("local", "<stage>")}"}}
      when: inventory_hostname == bad | default('')
    - name: Rejoin
      carpentries.amy.deploy_event: {{type: host_in_service}}
- name: Confirm
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Say where it is served
      ansible.builtin.debug: {{msg: "v2 (v2-abc) is served at http://localhost:8080"}}
"""
ROLE = """
- name: Write the configuration
  ansible.builtin.copy:
    content: "new\\n"
    dest: "{{ playbook_dir }}/{{ inventory_hostname }}.conf"
    mode: "0644"
"""
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({})
module.warn("something is odd")
module.exit_json()
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "playbooks/library").mkdir(parents=True)
    (tmp_path / "playbooks/roles/carpentries.amy.settings/tasks").mkdir(parents=True)
    (tmp_path / "playbooks/roles/carpentries.amy.settings/tasks/main.yml").write_text(ROLE)
    (tmp_path / "inventories/local").mkdir(parents=True)
    (tmp_path / "playbooks/library/warn_of_something.py").write_text(MODULE)
    for name in ("deploy", "other"):
        (tmp_path / f"playbooks/{name}.yml").write_text(PLAYBOOK)
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"web": {"hosts": {"web1": {}, "web2": {}}, "vars": variables}}
    (tmp_path / "inventories/local/hosts.yml").write_text(json.dumps(hosts))
    return tmp_path


def command(*arguments: str, playbook: str = "deploy") -> list[str | Path]:
    program = Path(sys.executable).with_name("ansible-playbook")
    # Tests that run in the background ignore SIGINT, and a child inherits that.
    heeding_interrupts = ["env", "--default-signal=INT"]
    return [*heeding_interrupts, program, "-i", "inventories/local", f"playbooks/{playbook}.yml", *arguments]


def environment(site: Path, callback: str = "carpentries.amy.progress") -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {
        **inherited,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(site / ".ansible"),
        "ANSIBLE_STDOUT_CALLBACK": callback,
        # As `make` has it.
        "ANSIBLE_DEPRECATION_WARNINGS": "false",
    }


def piped(site: Path, *arguments: str, playbook: str = "deploy", callback: str = "carpentries.amy.progress") -> str:
    done = subprocess.run(
        command(*arguments, playbook=playbook),
        cwd=site,
        env=environment(site, callback),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def in_terminal(site: Path, *arguments: str, columns: int = 80) -> TerminalRun:
    return TerminalRun(command(*arguments), columns=columns, directory=site, environment=environment(site))


def test_a_pipe_gets_plain_lines_of_what_matters(site: Path) -> None:
    output = piped(site)
    told = re.sub(r"(?m)^ +\d:\d\d  ", "> ", output.partition("\nPLAY RECAP")[0])
    lines = re.sub(r"after \d+ s", "after some s", told).splitlines()
    assert [line.strip() for line in lines if "web1, web2" not in line and "web2, web1" not in line] == [
        "> Check",
        "web1 runs v1",
        "web2 runs v1",
        "> Converge",
        "ignored  web1: Fail with a secret",
        "the output is hidden because the task has no_log",
        "> Roll",
        "web1 is out of rotation",
        "web1 has v2-abc",
        "web1 is in rotation again after some s (2 of 2)",
        "web2 is out of rotation",
        "web2 has v2-abc",
        "web2 is in rotation again after some s (2 of 2)",
        "> Confirm",
        "v2 (v2-abc) is served at http://localhost:8080",
    ]
    assert re.search(r"changed  settings : Write the configuration: web\d, web\d$", output, re.MULTILINE)
    assert "[WARNING]: something is odd" in output
    assert {host: (changed, failed) for host, changed, _, failed in RECAP.findall(output)} == {
        "localhost": ("0", "0"),
        "web1": ("1", "0"),
        "web2": ("1", "0"),
    }
    assert output.rindex("Report: reports/local/d1/report.html") > output.index("PLAY RECAP")
    assert "\x1b" not in output
    assert SECRET not in output


def test_a_failure_is_shown_with_its_remedy(site: Path) -> None:
    output = piped(site, "-e", "bad=web1")
    assert f"         FAILED  web1: Prove\n             {REMEDY}\n" in output
    assert ("web1", "1", "0", "1") in RECAP.findall(output)


def test_a_dry_run_shows_differences(site: Path) -> None:
    output = piped(site, "--check", "--diff")
    assert "This is a dry run" in output
    assert re.search(
        r"web1: settings : Write the configuration\n +--- before\n +\+\+\+ after: .*\n +@@ .*\n +\+new\n", output
    )
    assert not (site / "playbooks/web1.conf").exists()


def test_verbose_is_what_ansible_prints(site: Path) -> None:
    def told(callback: str) -> list[str]:
        # The hosts of a task answer in any order.
        lines = piped(site, "-v", "--check", playbook="other", callback=callback).splitlines()
        return sorted(line for line in lines if not re.search(r"start|end|delta|elapsed", line))

    assert told("carpentries.amy.progress") == told("ansible.builtin.default")


@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal_shows_the_deploy_in_place(site: Path, columns: int) -> None:
    run = in_terminal(site, columns=columns)
    assert run.finish() == 0
    before_the_recap = [screen for screen in run.seen if not any("PLAY RECAP" in line for line in screen)]
    assert all(len(line) <= columns for screen in before_the_recap for line in screen)
    rolling = [screen for screen in run.seen if any("Wait until the requests" in line for line in screen)]
    assert any(line.endswith("1 of 2 in rotation, 4/5") for line in rolling[0])
    assert any(line.startswith("· web1") and "out of rotation" in line for line in rolling[0])
    final = run.terminal.lines
    assert any(re.search(r"web1 is in rotation again after \d+ s \(2 of 2\)", line) for line in final)
    # What changed in place is gone, and the recap is Ansible's own.
    assert not any("━" in line or line.startswith("·") for line in final)
    assert len(RECAP.findall("\n".join(final))) == 3
    assert run.terminal.cursor_is_shown
    assert SECRET not in "\n".join(line for screen in run.seen for line in screen)


def test_the_second_deploy_knows_how_long_it_takes(site: Path) -> None:
    piped(site)
    run = in_terminal(site)
    assert run.finish() == 0
    assert any(re.search(r", about \d:\d\d left$", line) for screen in run.seen for line in screen)


def test_an_interrupted_deploy_leaves_a_clean_terminal(site: Path) -> None:
    run = in_terminal(site, "-e", "pause=30")
    run.read_until("Wait until the requests")
    # Python loses an exception that a signal raises in the middle of a fork.
    time.sleep(1)
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 99
    final = run.terminal.lines
    assert any("User interrupted execution" in line for line in final)
    assert not any("━" in line for line in final)
    assert run.terminal.cursor_is_shown


def test_a_killed_deploy_leaves_a_cursor(site: Path) -> None:
    # What it has begun outlives it, and the terminal is read to the end of that.
    run = in_terminal(site, "-e", "pause=5")
    run.read_until("Wait until the requests")
    run.process.kill()
    run.finish()
    assert run.terminal.cursor_is_shown
