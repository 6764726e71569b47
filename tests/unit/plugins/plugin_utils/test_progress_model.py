# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils._progress_model import (
    Kind,
    Note,
    Progress,
    Result,
    Task,
    clock,
    phases_of,
    remark_on,
    word_for,
)

TASK = Task(id="1", name="Do it")
PLAN = {
    "type": "plan",
    "deploy_id": "d1",
    "stage": "test",
    "release": {"id": "v2-abc", "ref": "v2"},
    "hosts": {"web1": "web", "web2": "web"},
}


def progress(**estimates: float) -> Progress:
    return Progress(expected=["Check", "Return", "Roll", "Confirm"], estimates=estimates, started=100.0)


def end(run: Progress, status: str = "ok", *, host: str = "web1", task: Task = TASK, **more: Any) -> list[Note]:
    return run.end_task(host, task, Result(status=status, **more), at=120.0)


def told(notes: list[Note]) -> list[tuple[Kind, str]]:
    return [(note.kind, note.text) for note in notes]


def test_a_phase_is_named_once_and_only_when_it_does_something() -> None:
    run = progress()
    assert run.begin_phase("Check", at=100.0) == []
    assert end(run, "skipped") == []
    assert run.begin_phase("Roll", at=165.0) == []
    assert told(end(run)) == [(Kind.PHASE, "   1:05  Roll")]
    assert end(run) == []
    assert run.begin_phase("Roll", at=190.0) == []
    assert end(run) == []


def test_what_hosts_change_in_a_task_is_one_line() -> None:
    run = progress()
    run.begin_phase("Check", at=100.0)
    for host in ("web2", "web1", "localhost"):
        run.begin_task(host, TASK, role="web", at=101.0)
        end(run, "changed", host=host)
    other = Task(id="2", name="Do more")
    assert told(run.begin_task("web1", other, role="web", at=103.0)) == [(Kind.CHANGE, "Do it: web2, web1, controller")]
    end(run, "changed", task=other)
    assert told(run.begin_phase("Roll", at=104.0)) == [(Kind.CHANGE, "Do more: web1")]
    assert run.finish() == []


def test_a_change_is_told_although_the_next_task_was_not() -> None:
    run = progress()
    end(run, "changed")
    assert (Kind.CHANGE, "Do it: web1") in told(end(run, "changed", task=Task(id="2", name="Do more")))
    assert told(run.finish()) == [(Kind.CHANGE, "Do more: web1")]


def test_a_failure_is_told_in_full_and_stays_on_its_host() -> None:
    run = progress()
    note = end(run, "failed", lines=("500", "Run: make logs"))[-1]
    assert note == Note(Kind.FAILURE, "web1: Do it", ("500", "Run: make logs"))
    end(run)
    assert run.hosts["web1"].failed


def test_what_may_fail_does_not_mark_the_host() -> None:
    run = progress()
    note = end(run, "unreachable", ignored=True, lines=("timed out",))[-1]
    assert note == Note(Kind.IGNORED, "web1 does not answer: Do it", ("timed out",))
    assert not run.hosts["web1"].failed


def test_a_host_on_its_way_through_a_deploy() -> None:
    run = progress()
    end(run, host="localhost", events=(PLAN,))
    assert (run.title, run.web_hosts) == ("v2 to test", (2, 2))
    leave, change, join = {"type": "host_out_of_service"}, {"type": "host_release", "to": "v2-abc"}, "host_in_service"
    assert told(end(run, events=(leave,))) == [(Kind.EVENT, "web1 is out of rotation")]
    assert (run.web_hosts, run.hosts["web1"].away_since) == ((1, 2), 120.0)
    assert end(run, events=(leave,)) == []
    assert told(end(run, events=(change,))) == [(Kind.EVENT, "web1 has v2-abc")]
    assert run.hosts["web1"].renewed
    back = run.end_task("web1", TASK, Result(status="ok", events=({"type": join},)), at=132.4)
    assert told(back) == [(Kind.EVENT, "web1 is in rotation again after 12 s (2 of 2)")]
    assert end(run, events=({"type": join},)) == []


def test_a_host_that_gets_its_previous_release_back_is_not_renewed() -> None:
    run = progress()
    end(run, host="localhost", events=(PLAN,))
    for release in ("v2-abc", "v1-abc"):
        end(run, events=({"type": "host_release", "to": release},))
    assert not run.hosts["web1"].renewed


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"type": "backup", "path": "/b/amy.dump", "s3": "s3://b/amy.dump"}, "backup: /b/amy.dump s3://b/amy.dump"),
        ({"type": "backup", "path": "/b/amy.dump"}, "backup: /b/amy.dump"),
        ({"type": "site_closed"}, "web1 shows the maintenance page"),
        ({"type": "requests_released", "host": "web2"}, "web2 answers what has waited"),
    ],
)
def test_other_events_are_told(event: dict[str, Any], text: str) -> None:
    run = progress()
    end(run)
    assert told(end(run, events=(event,))) == [(Kind.EVENT, text)]


def test_events_that_the_playbook_tells_itself_are_not_told_twice() -> None:
    run = progress()
    end(run)
    assert end(run, events=({"type": "outcome", "outcome": "failed"}, {"type": "strategy"})) == []


def test_what_a_playbook_says_names_the_phase_first() -> None:
    run = progress()
    run.begin_phase("Confirm", at=100.0)
    assert run.say("", ["served"]) == [Note(Kind.PHASE, "   0:00  Confirm"), Note(Kind.MESSAGE, "", ("served",))]


def test_a_host_line_tells_what_it_does_and_what_came_of_it() -> None:
    run = progress()
    run.begin_task("web1", TASK, role="web", at=101.0)
    assert (run.hosts["web1"].task, run.hosts["web1"].begun, run.hosts["web1"].role) == (TASK, 101.0, "web")
    run.retry("web1", attempt=2, attempts=4)
    assert run.hosts["web1"].remark == "attempt 3 of 4"
    run.end_task("web1", TASK, Result(status="ok", remark="3 in flight"), at=102.0)
    assert (run.hosts["web1"].task, run.hosts["web1"].begun, run.hosts["web1"].remark) == (None, None, "3 in flight")
    run.begin_phase("Roll", at=103.0)
    assert run.hosts["web1"].task is None


def test_a_running_task_tells_how_it_goes() -> None:
    run = progress()
    told = {"web1": "3 in flight", "web2": "left over"}
    for host in ("web1", "web2"):
        run.begin_task(host, TASK, role="web", at=101.0)
    end(run, host="web2", remark="done")
    run.look_on(lambda host: told.get(host, ""))
    assert [run.hosts[host].remark for host in ("web1", "web2")] == ["3 in flight", "done"]
    told.clear()
    run.look_on(lambda host: told.get(host, ""))
    assert run.hosts["web1"].remark == "3 in flight"


def test_without_reports_phases_are_counted() -> None:
    run = progress()
    run.begin_phase("Check", at=100.0)
    assert (run.fraction(110.0), run.remaining(110.0), run.phase_remaining(110.0)) == (0.0, None, None)
    run.begin_phase("Roll", at=120.0)
    assert run.fraction(125.0) == 0.5
    run.finish()
    assert run.fraction(130.0) == 1.0


def test_with_reports_time_is_measured() -> None:
    run = progress(Check=10.0, Roll=30.0)
    run.begin_phase("Check", at=100.0)
    assert (run.fraction(105.0), run.remaining(105.0)) == (0.125, 35.0)
    # Longer than ever: the bar waits, rather than running ahead.
    assert (run.fraction(150.0), run.remaining(150.0), run.phase_remaining(150.0)) == (0.25, 30.0, 0.0)
    run.begin_phase("Roll", at=150.0)
    assert (run.fraction(160.0), run.remaining(160.0), run.phase_remaining(160.0)) == (0.5, 20.0, 20.0)


def test_a_phase_that_was_not_foreseen_moves_on_by_one() -> None:
    run = progress()
    run.begin_phase("Check", at=100.0)
    run.begin_phase("Something else", at=101.0)
    assert run.position == 1


def test_a_playbook_without_plays_is_no_division_by_zero() -> None:
    assert Progress(expected=[], estimates={}, started=0.0).fraction(1.0) == 0.0


def test_neighbours_of_one_name_are_one_phase() -> None:
    assert phases_of(["Check", "Roll", "Roll", "Check"]) == ["Check", "Roll", "Check"]


@pytest.mark.parametrize(
    ("action", "arguments", "word"),
    [
        ("carpentries.amy.nginx_drain", {}, "draining"),
        ("carpentries.amy.alb_target", {"state": "out_of_rotation"}, "leaving"),
        ("carpentries.amy.alb_target", {"state": "in_rotation"}, "rejoining"),
        ("carpentries.amy.rq_hold", {"state": "released"}, ""),
        ("ansible.builtin.copy", {}, ""),
    ],
)
def test_words_for_modules(action: str, arguments: dict[str, Any], word: str) -> None:
    assert word_for(action, arguments) == word


def test_a_drain_tells_what_it_has_waited_for() -> None:
    content = {"in_flight": 0, "seconds_waited": 4.25, "timeline": [{"in_flight": 3}, {"in_flight": 0}]}
    assert remark_on("carpentries.amy.nginx_drain", content) == "0 requests in flight after 4.2 s, 3 at the most"
    assert remark_on("carpentries.amy.nginx_drain", {"skipped": True}) == ""
    assert remark_on("ansible.builtin.copy", content) == ""


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_clocks(seconds: float, text: str) -> None:
    assert clock(seconds) == text
