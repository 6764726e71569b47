# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deploy notes of a step that fails, and of a host that does not answer: real Ansible, two hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STEPS: dict[str, list[dict[str, Any]]] = {
    "works": [{"name": "Work", "ansible.builtin.debug": {"msg": "done"}}],
    "breaks": [{"name": "Break", "ansible.builtin.fail": {"msg": "it does not start"}}],
    "mends": [
        {
            "name": "Mend",
            "ansible.builtin.include_tasks": "{{ attempts }}/note_host.yml",
            "vars": {"note": {"mended": True}},
        }
    ],
}


def attempted(directory: Path, *attempts: dict[str, str]) -> dict[str, Any]:
    """The fact `deploy_host` of each host after the attempts. Host `away` does not answer."""
    for name, tasks in STEPS.items():
        (directory / f"{name}.yml").write_text(json.dumps(tasks))
    hosts = {
        "here": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        # A port that nothing listens on.
        "away": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_ssh_retries": 0},
    }
    (directory / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    steps = [
        {**attempt, **{k: f"{directory}/{attempt[k]}" for k in ("step", "otherwise") if k in attempt}}
        for attempt in attempts
    ]
    tasks = [
        {"ansible.builtin.include_tasks": f"{ROOT}/playbooks/tasks/attempt.yml", "vars": {"attempt": step}}
        for step in steps
    ]
    tell = {
        "hosts": "localhost",
        "tasks": [
            {
                "ansible.builtin.copy": {"dest": f"{directory}/found.json", "content": "{{ found | to_json }}"},
                "vars": {"found": "{{ dict(groups.all | zip(groups.all | map('extract', hostvars, 'deploy_host'))) }}"},
            }
        ],
    }
    play = {"hosts": "all", "gather_facts": False, "vars": {"attempts": f"{ROOT}/playbooks/tasks"}, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play, tell]))
    command = ["ansible-playbook", "-i", str(directory / "inventory.json"), str(directory / "play.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((directory / "found.json").read_text())
    return found


def test_what_fails_is_noted_and_the_run_goes_on(tmp_path: Path) -> None:
    found = attempted(
        tmp_path,
        {"step": "works"},
        {"step": "breaks", "otherwise": "mends"},
        {"step": "breaks", "records": "stranded"},
        {"step": "breaks"},
    )
    failure = {"host": "here", "step": "Break", "message": "it does not start", "applied": None}
    assert found["here"] == {"name": "here", "failures": [failure, failure], "stranded": [failure], "mended": True}
    away = found["away"]
    # The first step, which it has not done; then the others.
    assert away["failures"][0]["step"] == "Require that it has answered"
    assert "has ceased to answer over SSH" in away["failures"][0]["message"]
    assert (len(away["failures"]), len(away["stranded"])) == (3, 1)
