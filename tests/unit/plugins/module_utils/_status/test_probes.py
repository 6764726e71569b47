# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of `make status` is a row: it says which hosts it asks, how the answer is read, and what is said of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.carpentries.amy.plugins.module_utils._status.model import Finding, Stage
from ansible_collections.carpentries.amy.plugins.module_utils._status.probes import PROBES, Probe, asked, module, read
from ansible_collections.carpentries.amy.plugins.module_utils.host_kinds import BY_NAME

PLAYBOOK = Path(__file__).resolve().parents[5] / "playbooks/status.yml"
# They are no checks of their own: every host's line is made of them.
OF_HOSTS = {"status_host", "status_targets"}
TEXT = {"rc": 0, "stdout": "{}"}


def host(role: str, **answers: Any) -> dict[str, Any]:
    return {"ec2_tags": {"Role": role}} | {f"status_{name}": answer for name, answer in answers.items()}


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        ([], {}),
        ([host("web"), host("redis", redis_backup=TEXT)], {"redis_backup": TEXT}),
        # Which of the kinds keeps the backups is the stage's choice.
        ([host("scheduler", backup=TEXT), host("utility")], {"backup": TEXT}),
        ([host("scheduler"), host("utility", backup=TEXT)], {"backup": TEXT}),
        ([host("redis", redis_backup=TEXT), host("redis", redis_backup={"rc": 1})], {"redis_backup": TEXT}),
        ([host("scheduler", queues={"unreachable": True})], {"queues": {"unreachable": True}}),
        ([host("scheduler", queues={"skipped": True, "changed": False})], {}),
        # Not a host that is asked.
        ([host("web", redis_backup=TEXT)], {}),
    ],
)
def test_a_probe_is_answered_by_the_first_host_of_its_kinds(hosts: list[dict[str, Any]], found: dict[str, Any]) -> None:
    assert asked(hosts) == found


@pytest.mark.parametrize(
    ("answers", "found", "errors"),
    [
        ({}, {}, {}),
        ({"queues": None}, {}, {}),
        ({"lock": {"lock": None, "claim": "free"}}, {"lock": {"lock": None, "claim": "free"}}, {}),
        ({"backup": {"rc": 0, "stdout": '{"age": 1}'}}, {"backup": {"age": 1}}, {}),
        # It may print what it refuses.
        ({"backup": {"rc": 1, "stdout": "{}", "stderr": "Too old.\n"}}, {}, {"backup": "Too old"}),
        (
            {"queues": {"msg": "refused"}, "redis_backup": {"rc": 2, "msg": "a"}},
            {},
            {"queues": "refused", "redis_backup": "a"},
        ),
        ({"queues": {"unreachable": True}}, {}, {"queues": "its host does not answer"}),
        (
            {"certificate": {"changed": False, "arn": "a", "not_after": None, "days": None}},
            {"certificate": {"arn": "a", "not_after": None, "days": None}},
            {},
        ),
    ],
)
def test_an_answer_is_what_was_found_or_why_nothing_was(
    answers: dict[str, Any], found: dict[str, Any], errors: dict[str, str]
) -> None:
    assert read(answers) == (found, errors)


def test_a_further_check_is_one_row() -> None:
    def lines(stage: Stage) -> list[str]:
        return [f"temperature: {stage.answers['temperature']['degrees']}"]

    probe = Probe(
        name="temperature",
        kinds=("web",),
        read=module("degrees"),
        lines=lines,
        findings=lambda stage: [Finding("It is hot", "open a window")],
    )
    found = asked([host("web", temperature={"degrees": 30})], [probe])
    stage = Stage(
        name="test", hosts=[], answers={name: probe.read(answer) for name, answer in found.items()}, errors={}
    )
    assert list(probe.lines(stage)) == ["temperature: 30"]
    assert [finding.what for finding in probe.findings(stage)] == ["It is hot"]
    assert list(replace(probe, lines=Probe.lines).lines(stage)) == []


def test_the_playbook_asks_what_the_probes_read() -> None:
    plays = yaml.safe_load(PLAYBOOK.read_text(encoding="utf-8"))
    registered = {task["register"] for play in plays for task in play["tasks"] if "register" in task}
    assert registered - OF_HOSTS == {probe.variable for probe in PROBES}
    assert {kind for probe in PROBES for kind in probe.kinds} <= set(BY_NAME)


def test_the_playbook_gives_the_filter_what_the_controller_was_told() -> None:
    given = set(re.findall(r"(\w+)=(status_\w+)\b", PLAYBOOK.read_text(encoding="utf-8")))
    assert given - {("targets", "status_targets")} == {
        (probe.name, probe.variable) for probe in PROBES if not probe.kinds
    }
