# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils.request_statistics import BOUNDS
from plugins.plugin_utils._report_events import EventError
from plugins.plugin_utils._report_requests import check_counts, request_statistics
from tests.unit.plugins.plugin_utils.journals import from_journal

STATUSES, BUCKETS = {"200": 2}, {"20": 1, "40": 1}


def at(minute: int, second: int) -> str:
    return f"2026-01-31T12:{minute:02}:{second:02}.000Z"


def counted(*moments: str, **more: Any) -> dict[str, Any]:
    slices = [{"at": moment, "statuses": STATUSES, "buckets": BUCKETS, **more} for moment in moments]
    return {"seconds": 5, "slices": slices}


def statistics(events: dict[str, dict[str, Any]], *, until: str = at(12, 0)) -> dict[str, Any]:
    """Of a deploy that was felt from 12:10:02 to 12:11:01."""
    return request_statistics(events, hosts=["web1", "web2"], start=at(10, 2), end=at(11, 1), until=until)


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        (at(8, 0), None),
        (at(8, 5), "before"),
        (at(9, 55), "before"),
        (at(10, 0), "during"),
        (at(11, 0), "during"),
        (at(11, 5), "after"),
        (at(13, 0), "after"),
        (at(13, 5), None),
    ],
)
def test_a_slice_is_of_the_deploy_if_any_of_it_is(moment: str, part: str | None) -> None:
    found = statistics({"web1": counted(moment)})
    assert [name for name in ("before", "during", "after") if found[name]["count"]] == ([part] if part else [])


def test_hosts_add_up() -> None:
    found = statistics({"web1": counted(at(10, 0), at(10, 5)), "web2": counted(at(10, 5), statuses={"502": 2})})
    assert found["during"] == {
        "seconds": 59.0,
        "count": 6,
        "statuses": {"200": 4, "502": 2},
        "p50": BOUNDS[20],
        "p99": BOUNDS[40],
    }
    assert found["slices"] == [
        {"at": at(10, 0), "count": 2, "errors": 0},
        {"at": at(10, 5), "count": 4, "errors": 2},
    ]
    assert found["missing"] == []


def test_where_nothing_was_counted_there_is_no_percentile() -> None:
    after = statistics({"web1": counted()})["after"]
    assert (after["count"], after["p50"], after["p99"]) == (0, None, None)


@pytest.mark.parametrize(("until", "seconds"), [(at(11, 0), 0.0), (at(11, 31), 30.0), (at(30, 0), 120.0)])
def test_after_a_deploy_there_are_two_minutes_at_most(until: str, seconds: float) -> None:
    assert statistics({"web1": counted()}, until=until)["after"]["seconds"] == seconds


def test_a_host_without_counts_is_named_with_its_reason() -> None:
    assert statistics({"web1": {"missing": "no log"}})["missing"] == [
        {"host": "web1", "reason": "no log"},
        {"host": "web2", "reason": "it was not asked, or did not answer"},
    ]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"seconds": 5, "slices": [{"at": at(0, 0)}]},
        {"seconds": 5, "slices": [{"at": "now", "statuses": {}, "buckets": {}}]},
        {"seconds": 5, "slices": ["odd"]},
        {"seconds": "five", "slices": []},
        {"seconds": 5, "slices": [{"at": at(0, 0), "statuses": [], "buckets": {}}]},
    ],
)
def test_counts_that_are_none_are_refused(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        check_counts(event)


def journal(*events: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    plan = {"type": "plan", "deploy_id": "d1", "stage": "test", "hosts": {"web1": "web", "redis1": "redis"}}
    told = [("localhost", at(5, 0), plan), *events]
    return [
        {"kind": "playbook", "at": at(5, 0), "name": "deploy"},
        *({"kind": "event", "at": moment, "host": host, "event": event} for host, moment, event in told),
    ]


def requests(*events: tuple[str, str, dict[str, Any]]) -> Any:
    return from_journal(journal(*events)).as_dict()["requests"]


def test_a_deploy_is_felt_from_the_first_host_that_leaves_to_the_last_that_is_back() -> None:
    found = requests(
        ("web1", at(10, 0), {"type": "host_out_of_service"}),
        ("web1", at(10, 20), {"type": "host_in_service"}),
        ("web1", at(11, 0), {"type": "requests", **counted(at(9, 0), at(10, 10), at(10, 30))}),
    )
    assert [found[part]["count"] for part in ("before", "during", "after")] == [2, 2, 2]
    assert (found["during"]["seconds"], found["after"]["seconds"], found["missing"]) == (20.0, 40.0, [])


def test_a_deploy_without_an_effect_is_compared_as_a_whole() -> None:
    found = requests(("web1", at(11, 0), {"type": "requests", **counted(at(4, 0), at(10, 10))}))
    assert [found[part]["count"] for part in ("before", "during", "after")] == [2, 2, 0]


def test_without_any_count_there_is_none() -> None:
    assert requests() is None


def test_an_event_with_odd_counts_does_not_get_into_the_report() -> None:
    with pytest.raises(EventError):
        requests(("web1", at(11, 0), {"type": "requests", "slices": [{}]}))
