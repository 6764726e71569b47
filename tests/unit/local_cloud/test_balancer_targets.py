# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a target, from `initial` to gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.local_cloud.balancer.model import Fleet, HealthCheck, Registration, TargetGroup
from lab.local_cloud.balancer.targets import Health, Mode, Seen, State, Target, follow, health

CHECK = HealthCheck(
    protocol="HTTP",
    port=None,
    path="/",
    codes="200",
    interval=5,
    timeout=2,
    healthy_threshold=3,
    unhealthy_threshold=2,
)
GROUP = TargetGroup(
    arn="arn:group",
    name="web",
    protocol="HTTP",
    algorithm="round_robin",
    check=CHECK,
    deregistration_delay=30.0,
    idle_timeout=60,
    used=True,
)
HOST = Registration(group=GROUP.arn, id="i-1", port=80, address="10.77.0.4")
KEY = HOST.key
UP = Seen(up=True, health=4, status="L7OK", code="200")
PASSED_ONCE = Seen(up=False, health=1, status="L7OK", code="200")
DOWN = Seen(up=False, health=0, status="L7STS", code="503")
STALE = Seen(up=False, health=0, status="L7OK", code="200")


def fleet(*registrations: Registration, group: TargetGroup = GROUP) -> Fleet:
    return Fleet(groups=(group,), registrations=registrations)


def target(state: State, **changes: object) -> Target:
    return replace(Target(registration=HOST, active=True, state=state, since=100.0), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "seen", "now", "expected"),
    [
        (State.INITIAL, DOWN, 109.9, State.INITIAL),
        (State.INITIAL, DOWN, 110.0, State.UNHEALTHY),
        (State.INITIAL, PASSED_ONCE, 101.0, State.HEALTHY),  # one passed check, whatever the threshold
        (State.INITIAL, STALE, 101.0, State.INITIAL),  # what was seen before the target began again
        (State.INITIAL, UP, 101.0, State.HEALTHY),
        (State.HEALTHY, UP, 500.0, State.HEALTHY),
        (State.HEALTHY, DOWN, 500.0, State.UNHEALTHY),
        (State.UNHEALTHY, PASSED_ONCE, 500.0, State.UNHEALTHY),  # now the threshold counts
        (State.UNHEALTHY, UP, 500.0, State.HEALTHY),
        (State.DRAINING, UP, 500.0, State.DRAINING),
    ],
)
def test_checks_decide(state: State, seen: Seen, now: float, expected: State) -> None:
    assert target(state).observe(seen, CHECK, now=now).state is expected


@pytest.mark.parametrize(
    ("now", "mode"),
    [(100.0, Mode.SERVE), (101.9, Mode.SERVE), (102.0, Mode.DRAIN), (131.9, Mode.DRAIN), (132.0, Mode.LEAVE)],
)
def test_draining_lags_then_lasts_the_whole_delay(now: float, mode: Mode) -> None:
    draining = target(State.HEALTHY).deregister(now=100.0, lag=2.0, delay=30.0)
    assert draining.mode(now=now) is mode


def test_an_inactive_target_rests() -> None:
    assert target(State.HEALTHY, active=False).mode(now=100.0) is Mode.REST
    assert target(State.HEALTHY, active=False).observe(DOWN, CHECK, now=100.0).state is State.HEALTHY


def test_a_new_target_is_initial() -> None:
    followed = follow({}, fleet(HOST), now=7.0, lag=2.0)
    assert followed == {KEY: Target(registration=HOST, active=True, state=State.INITIAL, since=7.0)}


def test_the_same_id_on_another_port_is_another_target() -> None:
    other = replace(HOST, port=81)
    assert set(follow({}, fleet(HOST, other), now=7.0, lag=2.0)) == {HOST.key, other.key}


def test_a_deregistered_target_drains_once() -> None:
    first = follow({KEY: target(State.HEALTHY)}, fleet(), now=100.0, lag=2.0)
    assert (first[KEY].state, first[KEY].stops_at, first[KEY].gone_at) == (State.DRAINING, 102.0, 132.0)
    assert follow(first, fleet(), now=120.0, lag=2.0) == first


def test_a_changed_delay_is_for_later_deregistrations() -> None:
    first = follow({KEY: target(State.HEALTHY)}, fleet(), now=100.0, lag=2.0)
    shorter = fleet(group=replace(GROUP, deregistration_delay=1.0))
    assert follow(first, shorter, now=101.0, lag=2.0)[KEY].gone_at == 132.0


def test_registered_while_draining_is_initial_again() -> None:
    draining = target(State.HEALTHY).deregister(now=100.0, lag=2.0, delay=30.0)
    again = follow({KEY: draining}, fleet(HOST), now=110.0, lag=2.0)[KEY]
    assert (again.state, again.since, again.beginning, again.mode(now=200.0)) == (State.INITIAL, 110.0, 1, Mode.SERVE)


def test_a_stopped_instance_that_starts_is_initial_again() -> None:
    stopped = follow({KEY: target(State.HEALTHY)}, fleet(replace(HOST, running=False)), now=110.0, lag=2.0)
    assert stopped[KEY].mode(now=110.0) is Mode.REST
    started = follow(stopped, fleet(HOST), now=120.0, lag=2.0)[KEY]
    assert (started.state, started.since, started.beginning) == (State.INITIAL, 120.0, 1)


def test_a_group_that_a_listener_begins_to_use_is_checked_again() -> None:
    unused = follow({}, fleet(HOST, group=replace(GROUP, used=False)), now=100.0, lag=2.0)
    assert unused[KEY].mode(now=100.0) is Mode.REST
    assert follow(unused, fleet(HOST), now=200.0, lag=2.0)[KEY].since == 200.0


def test_a_deleted_group_is_forgotten() -> None:
    assert follow({KEY: target(State.HEALTHY)}, Fleet(), now=100.0, lag=2.0) == {}


MISMATCH = Health(
    state="unhealthy",
    reason="Target.ResponseCodeMismatch",
    description="Health checks failed with these codes: [503]",
)


@pytest.mark.parametrize(
    ("described", "group", "state", "reason"),
    [
        (target(State.INITIAL), GROUP, "initial", "Elb.InitialHealthChecking"),
        (target(State.HEALTHY, seen=UP), GROUP, "healthy", None),
        (target(State.UNHEALTHY, seen=DOWN), GROUP, "unhealthy", "Target.ResponseCodeMismatch"),
        (target(State.UNHEALTHY, seen=replace(DOWN, status="L4TOUT")), GROUP, "unhealthy", "Target.Timeout"),
        (target(State.UNHEALTHY, seen=replace(DOWN, status="L4CON")), GROUP, "unhealthy", "Target.FailedHealthChecks"),
        (target(State.DRAINING), GROUP, "draining", "Target.DeregistrationInProgress"),
        (target(State.HEALTHY), replace(GROUP, used=False), "unused", "Target.NotInUse"),
        (
            target(State.HEALTHY, registration=replace(HOST, running=False)),
            GROUP,
            "unused",
            "Target.InvalidState",
        ),
    ],
)
def test_what_describe_target_health_says(
    described: Target, group: TargetGroup, state: str, reason: str | None
) -> None:
    told = health(described, group)
    assert (told.state, told.reason) == (state, reason)


def test_a_wrong_code_is_named() -> None:
    assert health(target(State.UNHEALTHY, seen=DOWN), GROUP) == MISMATCH
