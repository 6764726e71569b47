# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.plugin_utils._report_events import EventError, check_event
from plugins.plugin_utils._report_model import Report
from tests.unit.plugins.plugin_utils.journals import from_journal

PLAN = {
    "type": "plan",
    "deploy_id": "d1",
    "stage": "local",
    "release": {"id": "v2-abc", "ref": "v2", "commit": "abc", "sha256": "f00"},
    "previous_release": "v1-abc",
    "hosts": {"web1": "web", "worker1": "worker"},
    "owner": "maria",
}
DESIGN_KEYS = {
    "deploy_id",
    "stage",
    "release",
    "previous_release",
    "outcome",
    "reason",
    "started",
    "finished",
    "phases",
    "hosts",
    "backup",
}
HOST_KEYS = {"name", "role", "from", "to", "out_of_service_start", "out_of_service_end", "steps"}


def at(second: int) -> str:
    return f"2026-01-31T12:00:{second:02}.000Z"


def phase(second: int, name: str) -> dict[str, Any]:
    return {"kind": "phase", "at": at(second), "name": name}


def step(second: int, host: str, status: str = "ok", *, ignored: bool = False, message: str = "") -> dict[str, Any]:
    return {
        "kind": "step",
        "at": at(second),
        "start": at(second - 1),
        "host": host,
        "role": "",
        "name": "Do it",
        "status": status,
        "ignored": ignored,
        "message": message,
    }


def event(second: int, content: dict[str, Any], host: str = "localhost") -> dict[str, Any]:
    return {"kind": "event", "at": at(second), "host": host, "event": content}


def finished(second: int, *, failed: list[str] | None = None, interrupted: bool = False) -> dict[str, Any]:
    return {"kind": "finished", "at": at(second), "failed": failed or [], "interrupted": interrupted}


def outcome(second: int, value: str, reason: str = "") -> dict[str, Any]:
    return event(second, {"type": "outcome", "outcome": value, "reason": reason})


STRATEGY = event(2, {"type": "strategy", "strategy": "rolling", "reasons": []})


def report(*entries: dict[str, Any]) -> Report:
    return from_journal([{"kind": "playbook", "at": at(0), "name": "deploy"}, event(1, PLAN), *entries])


def test_the_report_has_the_promised_keys() -> None:
    content = report(finished(9)).as_dict()
    assert set(content) >= DESIGN_KEYS
    assert set(content["release"]) == {"id", "ref", "commit", "sha256"}
    assert all(set(host) == HOST_KEYS for host in content["hosts"])
    assert [(host["name"], host["role"]) for host in content["hosts"]] == [("web1", "web"), ("worker1", "worker")]


def test_a_release_known_by_its_id_alone_still_has_all_keys() -> None:
    content = from_journal([event(1, {**PLAN, "release": "v2-abc"})]).as_dict()
    assert content["release"] == {"id": "v2-abc", "ref": None, "commit": None, "sha256": None}


def test_the_batches_of_a_play_are_one_phase() -> None:
    phases = report(phase(1, "Check"), phase(3, "Roll"), phase(5, "Roll"), phase(8, "Confirm"), finished(9)).phases
    assert [(item.name, item.start, item.end) for item in phases] == [
        ("Check", at(1), at(3)),
        ("Roll", at(3), at(8)),
        ("Confirm", at(8), at(9)),
    ]


def test_what_runs_on_the_controller_is_no_host() -> None:
    content = report(step(2, "localhost"), step(3, "web1"), finished(9)).as_dict()
    assert [len(host["steps"]) for host in content["hosts"]] == [1, 0]
    assert len(content["controller"]) == 1


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([finished(9)], "succeeded", id="ended well"),
        pytest.param([outcome(8, "succeeded"), finished(9)], "succeeded", id="declared"),
        pytest.param(
            [outcome(8, "rolled_back", "web1 failed"), finished(9, failed=["web1"])], "rolled_back", id="back"
        ),
        pytest.param([outcome(8, "failed"), finished(9)], "failed", id="declared failure"),
        pytest.param([outcome(8, "refused", "no copy"), finished(9, failed=["localhost"])], "refused", id="untouched"),
        pytest.param([finished(9, failed=["web1"])], "refused", id="a host failed before anything was rolled out"),
        pytest.param([STRATEGY, finished(9, failed=["web1"])], "failed", id="a host failed"),
        pytest.param([outcome(8, "succeeded"), finished(9, failed=["localhost"])], "failed", id="failed afterwards"),
        pytest.param([outcome(8, "succeeded"), finished(9, interrupted=True)], "failed", id="interrupted"),
        pytest.param([finished(9, failed=["web1"], interrupted=True)], "failed", id="interrupted in the beginning"),
        pytest.param([phase(3, "Roll")], "failed", id="the controller died"),
    ],
)
def test_the_outcome(entries: list[dict[str, Any]], expected: str) -> None:
    assert report(*entries).outcome == expected


def test_the_reason_is_the_first_failure_unless_one_is_given() -> None:
    failure = step(4, "web1", "failed", message="no answer")
    assert report(failure, finished(9, failed=["web1"])).reason == "web1: Do it: no answer"
    declared = outcome(8, "rolled_back", "v2 did not answer on web1")
    assert report(failure, declared, finished(9, failed=["web1"])).reason == "v2 did not answer on web1"
    assert report(finished(9)).reason == ""


def test_a_success_that_was_spoilt_gives_the_failure_as_reason() -> None:
    entries = [outcome(3, "succeeded", "all well"), step(4, "localhost", "failed", message="not unlocked")]
    assert report(*entries, finished(9, failed=["localhost"])).reason == "localhost: Do it: not unlocked"


def test_a_declared_failure_is_not_listed_twice() -> None:
    """The run ends with a task that fails, and says what has failed before."""
    last = step(6, "localhost", "failed", message="v2 was not deployed: web1: Do it: no answer")
    entries = [step(4, "web1", "failed", message="no answer"), outcome(5, "rolled_back", "web1: no answer"), last]
    assert [failure.host for failure in report(*entries, finished(9, failed=["localhost"])).failures] == ["web1"]


def test_a_deploy_that_was_refused_at_once_has_its_reason_and_its_phase() -> None:
    begun = {"type": "plan", "deploy_id": "d1", "stage": "local", "release": {"ref": "v9"}}
    missing = step(3, "localhost", "failed", message="There is no version v9")
    content = from_journal(
        [phase(1, "Check what is asked for"), event(2, begun), missing, finished(4, failed=["localhost"])]
    ).as_dict()
    assert (content["outcome"], content["reason"]) == ("refused", "localhost: Do it: There is no version v9")
    assert content["failures"][0]["phase"] == content["phases"][-1]["name"] == "Check what is asked for"
    assert content["release"] == {"id": None, "ref": "v9", "commit": None, "sha256": None}


def test_the_last_plan_counts() -> None:
    content = from_journal([event(1, {"type": "plan", "deploy_id": "d1", "stage": "local"}), event(2, PLAN)]).as_dict()
    assert (content["deploy_id"], content["release"]["sha256"]) == ("d1", "f00")


def test_an_unfinished_deploy_says_how_to_go_on() -> None:
    assert '"Roll"' in report(phase(3, "Roll")).reason
    assert "same command again" in report(phase(3, "Roll")).reason
    assert "interrupted" in report(phase(3, "Roll"), finished(4, interrupted=True)).reason


def test_a_failure_that_was_to_be_ignored_is_none() -> None:
    assert report(step(4, "web1", "failed", ignored=True), finished(9)).failures == []


def test_time_out_of_service_runs_from_leaving_to_rejoining() -> None:
    left = event(3, {"type": "host_out_of_service", "at": at(2)}, "web1")
    back = event(7, {"type": "host_in_service"}, "web1")
    again = event(8, {"type": "host_in_service"}, "web1")
    host = report(left, back, again, finished(9)).hosts["web1"]
    assert (host.out_of_service_start, host.out_of_service_end) == (at(2), at(7))


def test_a_host_that_was_always_there_was_never_out_of_service() -> None:
    host = report(event(7, {"type": "host_in_service"}, "web1"), finished(9)).hosts["web1"]
    assert (host.out_of_service_start, host.out_of_service_end) == (None, None)


def test_a_host_that_was_taken_back_ends_on_the_old_release() -> None:
    there = event(3, {"type": "host_release", "from": "v1", "to": "v2"}, "web1")
    back = event(5, {"type": "host_release", "from": "v2", "to": "v1"}, "web1")
    host = report(there, back, finished(9)).hosts["web1"]
    assert (host.from_release, host.to_release) == ("v1", "v1")


def test_an_event_may_name_its_host() -> None:
    named = event(3, {"type": "host_release", "to": "v2", "host": "web1"}, "localhost")
    assert report(named).hosts["web1"].to_release == "v2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "must be one of"),
        ({"type": "plan", "stage": "local"}, "lacks: deploy_id"),
        ({"type": "plan", "stage": "local", "deploy_id": "../etc"}, "folder's name"),
        ({"type": "plan", "stage": "..", "deploy_id": "d1"}, "folder's name"),
        ({"type": "plan", "stage": "local", "deploy_id": "d1", "hosts": ["web1"]}, "hosts must map"),
        ({"type": "outcome", "outcome": "fine"}, "must be one of"),
        ({"type": "host_release"}, "lacks: to"),
        ({"type": "host_in_service", "at": "noon"}, "no time"),
    ],
)
def test_an_unusable_event_is_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(EventError, match=message):
        check_event(content)


def test_a_window_lasts_from_the_first_host_to_the_last() -> None:
    report = from_journal(
        [
            event(1, {"type": "site_closed"}, "web1"),
            event(2, {"type": "site_closed"}, "web2"),
            event(30, {"type": "site_open"}, "web1"),
            event(32, {"type": "site_open"}, "web2"),
        ]
    )
    assert report.as_dict()["windows"] == [{"kind": "maintenance", "start": at(1), "end": at(32), "seconds": 31.0}]


def test_a_window_that_has_not_ended_says_so() -> None:
    report = from_journal([event(1, {"type": "requests_held"}, "web1"), event(2, {"type": "site_open"}, "web2")])
    assert report.as_dict()["windows"] == [{"kind": "hold", "start": at(1), "end": None, "seconds": None}]
