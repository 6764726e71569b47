# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests that `make test` has no time for, in parts of at most an hour: `python -m scripts.thorough [PART]`.

Without a part it lists them. A part that passes is written to tests/thorough.json, with the commit that it has tested:
that file is tracked, so every clone knows. On a tree with changes a part runs, but there is no commit to write.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from lab.local_cloud.distributions import DISTRIBUTIONS

ROOT = Path(__file__).resolve().parents[1]
RECORD = "tests/thorough.json"


@dataclass(frozen=True)
class Part:
    """Tests that run together; `minutes` is how long they may be expected to take until they have been timed."""

    name: str
    command: str
    minutes: int


def _stage(name: str, minutes: int, *files: str, stage: str = "local") -> Part:
    tests = " ".join(f"tests/stage/test_{file}.py" for file in files)
    return Part(f"stage-{name}", f"scripts/test_stage.sh {stage} {tests}", minutes)


PARTS = (
    Part("controllers", "python -m tests.controllers", 60),
    Part("units", "python -m pytest -q -n auto --dist loadfile tests/unit -m thorough", 10),
    Part("python-builds", "python -m pytest -q tests/standalone_python", 20),
    Part("database-client", "python -m pytest -q tests/database_client", 10),
    Part("provision", "python -m pytest -q -n auto --dist loadfile tests/provision", 40),
    *(Part(f"roles-{name}", f"scripts/test_roles.sh {name}", 60) for name in DISTRIBUTIONS),
    _stage("good-deploys", 40, "good_deploys", "positive_control"),
    _stage("broken-releases", 50, "broken_releases"),
    _stage("interrupted", 50, "interrupted"),
    _stage("data", 50, "backup_and_maintenance", "shared_media"),
    _stage("migrations", 60, "risky_migrations"),
    _stage("without-a-hand", 40, "without_a_hand", "dry_run"),
    _stage("bad-input", 50, "bad_input"),
    _stage("installed", 40, "installed", "outsiders", "scale"),
    _stage("one-web-host", 40, "one_web_host"),
    _stage("status", 40, "status_findings"),
    _stage("kinds", 40, "queues_come_and_go"),
    _stage("distributions", 40, "change_of_distribution"),
    _stage("another-application", 40, "another_application", stage="another"),
    _stage("modernize", 60, "move_to_fleet", stage="legacy"),
)


@dataclass(frozen=True)
class Passed:
    """When a part last passed: the commit it tested, the day, and the minutes it took."""

    commit: str
    day: str
    minutes: int


def read_record(text: str) -> dict[str, Passed]:
    """The parts that have passed, by name, as tests/thorough.json has them; none if it is empty."""
    return {name: Passed(**passed) for name, passed in json.loads(text or "{}").items()}


def write_record(record: Mapping[str, Passed]) -> str:
    """The text of tests/thorough.json: a line for each part, so that two branches seldom change the same."""
    lines = [f"  {json.dumps(name)}: {json.dumps(asdict(record[name]))}" for name in sorted(record)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def listed(parts: Sequence[Part], record: Mapping[str, Passed], *, since: Callable[[str], int | None]) -> str:
    """A line for each part: its name, its minutes, and when it last passed.

    `since` counts the commits after one; None says that this clone does not have it.
    """
    lines = []
    for part in parts:
        passed = record.get(part.name)
        if passed is None:
            minutes, when = part.minutes, "never passed"
        else:
            later = since(passed.commit)
            age = "which is not in this clone" if later is None else f"{later} commits ago"
            minutes, when = passed.minutes, f"passed on {passed.day} at {passed.commit[:9]}, {age}"
        lines.append(f"{part.name:<26}{minutes:>3} min  {when}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """List the parts, or run the one that `arguments` name; the exit code."""
    file = ROOT / RECORD
    record = read_record(file.read_text(encoding="utf-8") if file.exists() else "")
    if not arguments:
        print(listed(PARTS, record, since=_commits_since))
        print("To run one: make test-thorough PART=NAME")
        return 0
    part = next((part for part in PARTS if part.name == arguments[0]), None)
    if part is None:
        print(f"There is no part {arguments[0]!r}. To see the parts, run: make test-thorough", file=sys.stderr)
        return 2
    commit, started = _clean_commit(), time.monotonic()
    code = subprocess.run(["bash", "-c", part.command], cwd=ROOT, check=False).returncode
    minutes = round((time.monotonic() - started) / 60)
    if code != 0:
        print(f"{part.name} failed after {minutes} minutes: {part.command}", file=sys.stderr)
    elif commit is None or commit != _clean_commit():
        print(f"{part.name} passed in {minutes} minutes. It is not recorded: the tree has changes. Commit them first.")
    else:
        passed = Passed(commit=commit, day=date.today().isoformat(), minutes=minutes)
        file.write_text(write_record({**record, part.name: passed}), encoding="utf-8")
        print(f"{part.name} passed in {minutes} minutes. To keep that, run: git commit -m 'Pass {part.name}' {RECORD}")
    return code


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def _clean_commit() -> str | None:
    """The commit that the tree is, None if the tree has changes; the record may have any."""
    changes = _git("status", "--porcelain", "--", ".", f":(exclude){RECORD}")
    head = _git("rev-parse", "HEAD")
    return None if changes.stdout or changes.returncode or head.returncode else head.stdout.strip()


def _commits_since(commit: str) -> int | None:
    counted = _git("rev-list", "--count", f"{commit}..HEAD")
    return int(counted.stdout) if counted.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
