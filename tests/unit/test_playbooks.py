# SPDX-License-Identifier: GPL-3.0-or-later
"""What is easily written wrong in YAML, and seen by operators only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.yml"))
BLOCK = re.compile(r"^( *)(?:- )?\w+: [|>][-+]?\n((?:\1 +.*\n|\n)+)", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_of_text_has_an_escaped_line_end(path: Path) -> None:
    """Within a block YAML escapes nothing, and Ansible leaves Jinja's strings as they are: it would be shown."""
    for _indent, block in BLOCK.findall(path.read_text(encoding="utf-8")):
        assert "'\\n'" not in block


def test_provisioning_checks_what_is_asked_of_each_role_before_it_touches_anything() -> None:
    first, *others = yaml.safe_load((ROOT / "playbooks/provision.yml").read_text(encoding="utf-8"))
    (checked, *_more) = first["tasks"]
    assert checked["ansible.builtin.include_role"]["tasks_from"] == "validate"
    tasks = (ROOT / "playbooks/tasks/serve_static_files.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"carpentries\.amy\.(\w+)", yaml.safe_dump(others) + tasks))
    # What these two ask for is made in the same run.
    assert set(checked["loop"]) == used - {"database", "static_cdn"}


@pytest.mark.parametrize(
    "role", ["parameters", "bucket", "network", "instances", "load_balancer", "monitoring", "database"]
)
def test_a_role_of_aws_requires_nothing_outside_of_its_first_step(role: str) -> None:
    """Provisioning takes that step alone, before the first role changes something."""
    asks = {
        path.stem for path in (ROOT / "roles" / role / "tasks").glob("*.yml") if "builtin.assert" in path.read_text()
    }
    # That RDS has done it can only be seen afterwards.
    assert asks - {"validate", "check_existing"} <= ({"create", "wait"} if role == "database" else set())


def test_every_fact_that_is_read_of_a_host_is_set_somewhere() -> None:
    """One that is never set is undefined for good, which `default` hides."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    read = set(re.findall(r"hostvars(?:\[\w+\]|\.localhost)\.(\w+)", text))
    written = set(re.findall(r"^ +(?:register: )?(\w+)(?::.*)?$", text, re.MULTILINE))
    assert read
    assert read <= written | {"inventory_hostname"}


def test_every_task_about_queues_is_told_the_queues_and_the_redis_of_the_stage() -> None:
    """A module's own default is a queue's name and a database that some applications have, and others not."""
    tasks = [
        task[module]
        for path in FILES
        if path.is_relative_to(ROOT / "playbooks")
        for task in _tasks(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
        for module in task
        if module.startswith("carpentries.amy.rq_")
    ]
    assert len(tasks) > 10
    # The scheduler has one lock, and forgetting needs no queue.
    with_queues = [options for options in tasks if "queues" in options]
    assert len(with_queues) >= len(tasks) - 3
    assert all("queue_names" in options["queues"] or "jobs_queues" in options["queues"] for options in with_queues)
    assert {options["redis_url"] for options in tasks} == {"{{ queue_redis_url }}"}


def _tasks(entries: Any) -> list[dict[str, Any]]:
    """The tasks of a file of plays or of tasks, with those in blocks; a file of variables has none."""
    if not isinstance(entries, list):
        return []
    parts = ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always")
    return [*entries, *(task for entry in entries for part in parts for task in _tasks(entry.get(part) or []))]
