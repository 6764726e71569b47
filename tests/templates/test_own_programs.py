# SPDX-License-Identifier: GPL-3.0-or-later
"""What supervisord and systemd make of a stage's own programs and timers is what the inventory says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.templates import programs
from tests.templates.rendering import Template, published_facts, render

# Prints the words of each program as supervisord reads them from its file.
WORDS = """
import json, shlex, sys
from supervisor.options import ServerOptions
options = ServerOptions()
options.realize(["-n", "-c", sys.argv[1]])
print(json.dumps([[group.name, p.name, shlex.split(p.command)[1:]]
                  for group in options.process_group_configs for p in group.process_configs]))
"""


def test_supervisord_runs_one_group_and_gives_each_program_its_words(tmp_path: Path) -> None:
    who = {"programs_user": "root", "programs_log_directory": str(tmp_path)}
    programs.supervisor(render(Template(role="programs", path="stage-programs.conf.j2"), **who), tmp_path)
    interpreter = Path(programs.program("supervisord")).read_text(encoding="utf-8").splitlines()[0].removeprefix("#!")
    found = subprocess.run(
        [interpreter.strip(), "-c", WORDS, tmp_path / "supervisord.conf"], check=True, capture_output=True, text=True
    )
    celery = ["celery", "-A", "site", "worker", "-n", "w@%h", "--conf", '{"a": 1}']
    assert sorted(json.loads(found.stdout)) == [
        ["stage", "beat-0", ["celery", "-A", "site", "beat"]],
        ["stage", "celery-0", celery],
        ["stage", "celery-1", celery],
    ]


def test_the_unit_of_a_timer_can_be_read_and_gives_the_command_its_words(tmp_path: Path) -> None:
    service = render(Template(role="programs", path="timer.service.j2"))
    assert """ "python" "manage.py" "send_emails" "--to" "$$X %%h"\n""" in service
    (tmp_path / "stage-timer-emails.service").write_text(service, encoding="utf-8")
    timer = render(Template(role="programs", path="timer.timer.j2"))
    (tmp_path / "stage-timer-emails.timer").write_text(timer, encoding="utf-8")
    complaints = subprocess.run(
        [programs.program("systemd-analyze"), "verify", tmp_path / "stage-timer-emails.timer"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin:/usr/sbin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    ).stderr
    assert not [line for line in complaints.splitlines() if "stage-timer" in line and "not executable" not in line]


def test_each_is_found_by_its_words() -> None:
    """As the kernel shows them: without quotes."""
    patterns = {process["name"]: process["pattern"] for process in published_facts("programs")["programs_processes"]}
    shown = '/x/.venv/bin/python /x/.venv/bin/celery -A site worker -n w@%h --conf {"a": 1}'
    assert [name for name, pattern in patterns.items() if re.search(pattern, shown)] == ["celery"]


@pytest.mark.parametrize("name", ["program_celery", "program_beat", "timer_emails"])
def test_each_has_a_log_of_its_own_that_is_shipped(name: str) -> None:
    sources = {source["name"]: source for source in published_facts("programs")["programs_log_sources"]}
    assert sources[name]["path"] == f"/webapps/amy.example.test/logs/{name}.log"
    assert sources[name]["optional"]


def test_the_record_says_what_the_host_is_to_run() -> None:
    record = json.loads(render(Template(role="programs", path="record.json.j2")))
    assert [entry["name"] for entry in record["programs"] + record["timers"]] == ["celery", "beat", "emails"]
    assert record["release"].endswith("/releases/v1-0123456789ab-01234567")
