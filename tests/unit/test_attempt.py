# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deploy notes of a step that fails, and of a host that does not answer: real Ansible, two hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TASKS = ROOT / "playbooks/tasks"
ATTEMPT: dict[str, Any] = {"name": "Attempt it", "ansible.builtin.include_tasks": "attempt.yml"}
STEPS: dict[str, list[dict[str, Any]]] = {
    "works": [{"name": "Work", "ansible.builtin.debug": {"msg": "done"}}],
    "breaks": [{"name": "Break", "ansible.builtin.fail": {"msg": "it does not start"}}],
    "mends": [{**ATTEMPT, "vars": {"attempt": {"step": "breaks", "records": "unmended"}}}],
}


def attempted(directory: Path, *attempts: dict[str, str]) -> dict[str, Any]:
    """The fact `deploy_host` of each host after the attempts. Host `away` does not answer."""
    phases, tasks = directory / "phases", directory / "tasks"
    phases.mkdir()
    tasks.mkdir()
    for name in ("attempt", "note_host", "require_answer"):
        (tasks / f"{name}.yml").symlink_to(TASKS / f"{name}.yml")
    for name, step in STEPS.items():
        (tasks / f"{name}.yml").write_text(json.dumps(step))
        # A phase has the name of a step.
        (phases / f"{name}.yml").write_text(json.dumps([{"hosts": "all"}]))
    hosts = {
        "here": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        # A port that nothing listens on.
        "away": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_ssh_retries": 0},
    }
    inventory = directory / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    include = {"ansible.builtin.include_tasks": "../tasks/attempt.yml"}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{**include, "vars": {"attempt": attempt}} for attempt in attempts],
    }
    copy = {"dest": f"{directory}/found.json", "content": "{{ found | to_json }}"}
    found = "{{ dict(groups.all | zip(groups.all | map('extract', hostvars, 'deploy_host'))) }}"
    tell = {"hosts": "localhost", "tasks": [{"ansible.builtin.copy": copy, "vars": {"found": found}}]}
    (phases / "play.json").write_text(json.dumps([play, tell]))
    command = ["ansible-playbook", "-i", str(inventory), str(phases / "play.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Templating the path" not in done.stdout + done.stderr
    noted: dict[str, Any] = json.loads((directory / "found.json").read_text())
    return noted


def test_what_fails_is_noted_and_the_run_goes_on(tmp_path: Path) -> None:
    found = attempted(
        tmp_path,
        {"step": "works"},
        {"step": "breaks", "otherwise": "mends"},
        {"step": "breaks", "records": "stranded"},
        {"step": "breaks"},
    )
    failure = {"host": "here", "step": "Break", "message": "it does not start", "applied": None}
    assert found["here"] == {
        "name": "here",
        "failures": [failure, failure],
        "stranded": [failure],
        "unmended": [failure],
    }
    away = found["away"]
    # The first step, which it has not done; then the others.
    assert away["failures"][0]["step"] == "Require that it has answered"
    assert "has ceased to answer over SSH" in away["failures"][0]["message"]
    assert (len(away["failures"]), len(away["stranded"])) == (3, 1)
