# SPDX-License-Identifier: GPL-3.0-or-later
"""Spells of the real rule: they find nginx drained no earlier than one long watch does, and tell what they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from plugins.module_utils._nginx_drain import Drain, DrainTimeoutError, Rule, Status
from plugins.plugin_utils._drain_spells import watch_in_spells
from tests.unit.plugins.module_utils.fake_clock import FakeClock

RULE = Rule(samples=3, interval=0.5, quiet_seconds=2, timeout=20, background=1)
ROUND_TRIP = 0.5


class Host:
    """Runs the module on a host with `in_flight` requests, as many as the second says, and none after the last."""

    def __init__(self, clock: FakeClock, in_flight: list[int], *, arriving: float = 0) -> None:
        self.clock = clock
        self.in_flight = in_flight
        self.arriving = arriving
        self.calls = 0

    def look(self) -> Status:
        self.calls += 1
        second = int(self.clock.elapsed)
        running = self.in_flight[second] if second < len(self.in_flight) else 0
        return Status(int(self.clock.elapsed * self.arriving) + self.calls, reading=0, writing=1 + running, waiting=0)

    def watch(self, options: Mapping[str, float]) -> dict[str, Any]:
        self.clock.sleep(ROUND_TRIP)
        drain = Drain(look=self.look, clock=self.clock, watched=options["watched"])
        answer: dict[str, Any] = {"timed_out": False}
        try:
            answer["drained"] = drain.until(replace(RULE, spell=options["spell"]))
        except DrainTimeoutError as error:
            answer |= {"drained": False, "timed_out": True, "msg": str(error)}
        return answer | {
            "in_flight": drain.in_flight,
            "seconds_waited": drain.waited,
            "timeline": drain.timeline,
        }


def watched(host: Host) -> tuple[dict[str, Any], list[str]]:
    told: list[str] = []
    return watch_in_spells(host.watch, tell=told.append, clock=host.clock), told


def test_an_idle_host_is_watched_once() -> None:
    clock = FakeClock()
    answer, told = watched(Host(clock, []))
    assert (answer["drained"], answer["seconds_waited"], told) == (True, 2, [])
    assert clock.elapsed == ROUND_TRIP + 2


def test_a_busy_host_tells_at_once_and_then_every_few_seconds() -> None:
    clock = FakeClock()
    answer, told = watched(Host(clock, [3, 3, 3, 2, 1, 1, 1, 1]))
    assert answer["drained"]
    assert told == ["3 in flight", "2 in flight", "1 in flight"]
    # The last request has ended at 8; three quiet looks are due after one that has none before it.
    assert 9 <= clock.elapsed <= 10.5


def test_the_result_is_that_of_one_watch() -> None:
    clock = FakeClock()
    answer, _ = watched(Host(clock, [2, 2, 2, 1, 1]))
    seconds = [entry["seconds"] for entry in answer["timeline"]]
    assert seconds == sorted(seconds)
    assert [entry["in_flight"] for entry in answer["timeline"]][-1] == 0
    assert answer["seconds_waited"] == pytest.approx(clock.elapsed - ROUND_TRIP)


def test_the_time_runs_out_at_the_same_moment() -> None:
    clock = FakeClock()
    answer, told = watched(Host(clock, [4] * 100))
    assert answer["timed_out"]
    assert "4 request(s) in flight" in answer["msg"]
    assert 20 <= clock.elapsed <= 20 + 2 * ROUND_TRIP
    assert len(told) >= 7


def test_traffic_between_the_looks_is_seen_in_every_spell() -> None:
    clock = FakeClock()
    answer, _ = watched(Host(clock, [1, 1, 1], arriving=20))
    assert answer["timed_out"]


@pytest.mark.parametrize("answer", [{"unreachable": True, "msg": "no route"}, {"failed": True, "msg": "no module"}])
def test_whatever_else_the_module_answers_is_the_result(answer: dict[str, Any]) -> None:
    assert watch_in_spells(lambda _options: answer, tell=pytest.fail, clock=FakeClock()) == answer
