# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test-thorough`: which parts there are, and which commit each has passed on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts import thorough
from scripts.thorough import PARTS, Part, Passed, listed, read_record, write_record

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECORD = {
    "two": Passed(commit=COMMIT, day="2026-01-31", minutes=12),
    "one": Passed(commit=COMMIT, day="2026-02-01", minutes=7),
}


def test_each_part_has_a_name_of_its_own_and_takes_an_hour_at_most() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    assert [part.name for part in PARTS if not 0 < part.minutes <= 60] == []


def test_each_file_of_the_stages_tests_is_in_one_part() -> None:
    named = [word for part in PARTS for word in part.command.split() if word.startswith("tests/stage/")]
    assert sorted(named) == sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/stage").glob("test_*.py"))


def test_a_story_is_run_from_its_beginning() -> None:
    """What `-m thorough` picks out of such a file finds no stage."""
    stories = [part.command for part in PARTS if re.search(r"tests/(stage|provision)", part.command)]
    assert stories
    assert [command for command in stories if command.endswith("-m thorough")] == []


def test_the_record_is_read_as_it_was_written_with_a_line_a_part() -> None:
    text = write_record(RECORD)
    assert read_record(text) == RECORD
    assert [line.split('"')[1] for line in text.splitlines()[1:-1]] == ["one", "two"]
    assert read_record("") == {}


def test_the_record_in_the_repository_names_parts() -> None:
    assert set(read_record((ROOT / thorough.RECORD).read_text())) <= {part.name for part in PARTS}


@pytest.mark.parametrize(
    ("name", "later", "said"),
    [
        ("one", 3, "  7 min  passed on 2026-02-01 at 012345678, 3 commits ago"),
        ("one", None, "  7 min  passed on 2026-02-01 at 012345678, which is not in this clone"),
        ("three", 0, " 50 min  never passed"),
    ],
)
def test_what_is_listed(name: str, later: int | None, said: str) -> None:
    assert listed([Part(name, "true", 50)], RECORD, since=lambda _: later) == f"{name:<26}{said}"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository of one commit, with one part that passes and one that fails."""
    monkeypatch.setattr(thorough, "ROOT", tmp_path)
    monkeypatch.setattr(thorough, "PARTS", (Part("good", "true", 1), Part("bad", "exit 3", 1)))
    (tmp_path / "tests").mkdir()
    (tmp_path / thorough.RECORD).write_text("{}\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "First"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def passed(repository: Path) -> set[str]:
    return set(read_record((repository / thorough.RECORD).read_text()))


def test_a_pass_is_recorded_with_its_commit_and_that_is_no_change(repository: Path) -> None:
    assert (thorough.main(["good"]), thorough.main(["good"])) == (0, 0)
    head = subprocess.run(["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert read_record((repository / thorough.RECORD).read_text())["good"].commit == head.stdout.strip()


def test_a_failure_is_not_recorded(repository: Path) -> None:
    assert thorough.main(["bad"]) == 3
    assert passed(repository) == set()


def test_a_pass_on_a_tree_with_changes_is_not_recorded(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "new.py").touch()
    assert thorough.main(["good"]) == 0
    assert passed(repository) == set()
    assert "not recorded" in capsys.readouterr().out


def test_another_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert thorough.main(["no-such-part"]) == 2
    assert "make test-thorough" in capsys.readouterr().err
