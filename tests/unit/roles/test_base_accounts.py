# SPDX-License-Identifier: GPL-3.0-or-later
"""Role base asks a host, here this machine, whether the application's user can have its number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: carpentries.amy.base
        tasks_from: validate
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"base_user": "stranger", "base_user_id": 550, "base_group": "stranger", "base_group_id": 550}, ""),
        ({"base_user": "stranger", "base_user_id": 1, "base_group": "root"}, "the number of the user daemon here"),
        ({"base_user": "root", "base_group": "daemon", "base_group_id": 550}, "Set base_group_id to 1"),
    ],
)
def test_a_number_that_the_host_cannot_give_is_refused(given: dict[str, object], said: str, tmp_path: Path) -> None:
    play = tmp_path / "play.yml"
    play.write_text(PLAY)
    more = {"base_domain": "amy.example.org", "stage": "test", "ansible_python_interpreter": sys.executable}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", play, "-e", json.dumps(given | more)],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = " ".join(done.stdout.split())
    assert (done.returncode == 2) == bool(said), output + done.stderr
    assert said in output
    assert not said or "inventories/test/group_vars/all/main.yml" in output
