# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.module_utils._alb_plan import (
    NOT_REGISTERED,
    RotationRefusedError,
    Step,
    Target,
    TargetHealth,
    absent,
    plan_join,
    plan_leave,
)

WEB1 = Target(id="i-1", port=80)
STATES = ["initial", "healthy", "unhealthy", "draining", "unavailable", "unused"]


def health(state: str, *, reason: str = "", target: Target = WEB1) -> TargetHealth:
    return TargetHealth(target=target, state=state, reason=reason)


@pytest.mark.parametrize(
    ("state", "reason", "step"),
    [
        ("unused", NOT_REGISTERED, Step.REGISTER),
        ("unused", "", Step.REGISTER),
        ("unused", "Target.NotInUse", Step.NONE),
        ("unused", "Target.InvalidState", Step.NONE),
        ("draining", "Target.DeregistrationInProgress", Step.REGISTER),
        ("initial", "Elb.RegistrationInProgress", Step.NONE),
        ("unhealthy", "Target.Timeout", Step.NONE),
        ("healthy", "", Step.NONE),
    ],
)
def test_joining_registers_exactly_what_is_not_registered(state: str, reason: str, step: Step) -> None:
    assert plan_join(health(state, reason=reason)) is step


@pytest.mark.parametrize("state", ["initial", "healthy", "unhealthy"])
def test_leaving_deregisters_what_is_registered(state: str) -> None:
    assert plan_leave(health=health(state), others=[], minimum=0) is Step.DEREGISTER


@pytest.mark.parametrize("found", [absent(WEB1), health("draining")])
def test_leaving_twice_needs_nothing(found: TargetHealth) -> None:
    assert plan_leave(health=found, others=[], minimum=9) is Step.NONE


def test_a_broken_host_may_leave_although_all_are_broken() -> None:
    others = [health("unhealthy", target=Target(id="i-2", port=80))]
    assert plan_leave(health=health("unhealthy"), others=others, minimum=1) is Step.DEREGISTER


def test_the_refusal_names_who_is_unwell_and_what_to_run() -> None:
    others = [health("unhealthy", reason="Target.Timeout", target=Target(id="i-2", port=80))]
    with pytest.raises(RotationRefusedError, match=r"i-2:80 is unhealthy \(Target.Timeout\).*make status"):
        plan_leave(health=health("healthy"), others=others, minimum=1)


def test_the_refusal_says_when_there_is_no_other_target() -> None:
    with pytest.raises(RotationRefusedError, match="the group has no other target"):
        plan_leave(health=health("healthy"), others=[], minimum=1)


@given(others=st.lists(st.sampled_from(STATES)), minimum=st.integers(min_value=0, max_value=5))
def test_leaving_never_takes_the_healthy_below_the_minimum(others: list[str], minimum: int) -> None:
    siblings = [health(state, target=Target(id=f"i-{n + 2}", port=80)) for n, state in enumerate(others)]
    remaining = others.count("healthy")
    try:
        step = plan_leave(health=health("healthy"), others=siblings, minimum=minimum)
    except RotationRefusedError:
        assert remaining < minimum
    else:
        assert step is Step.DEREGISTER
        assert remaining >= minimum


def test_a_health_reads_as_one_phrase() -> None:
    unwell = TargetHealth(target=WEB1, state="unhealthy", reason="Target.Timeout", description="Request timed out")
    assert str(unwell) == "unhealthy (Target.Timeout: Request timed out)"
    assert str(health("healthy")) == "healthy"
