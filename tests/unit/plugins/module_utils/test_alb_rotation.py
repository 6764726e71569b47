# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.module_utils._alb_plan import RotationRefusedError, Step, Target, TargetHealth, absent
from plugins.module_utils._alb_rotation import Patience, Rotation, RotationTimeoutError, settled
from tests.unit.plugins.module_utils.fake_clock import FakeClock

WEB1 = Target(id="i-1", port=80)
PATIENCE = Patience(timeout=60, interval=1)


class FakeBalancer:
    """A load balancer with one target that turns healthy `warm_up` s after joining, and drains for `delay` s.

    `forgets` registrations made while draining are lost when the draining ends, as a slow control plane may lose them.
    """

    def __init__(
        self, *, clock: FakeClock, state: str, warm_up: float = 3, delay: float = 10, forgets: int = 0
    ) -> None:
        self.clock = clock
        self.state = state
        self.warm_up = warm_up
        self.delay = delay
        self.forgets = forgets
        self.since = clock.monotonic()
        self.calls: list[str] = []
        self.deaf = False

    def health_of(self, target: Target) -> TargetHealth:
        age = self.clock.monotonic() - self.since
        if self.state == "initial" and age >= self.warm_up:
            self._become("healthy")
        if self.state == "draining" and age >= self.delay:
            self._become("unused")
        return absent(target) if self.state == "unused" else TargetHealth(target=target, state=self.state)

    def register(self, target: Target) -> None:
        self.calls.append(f"register {target}")
        if self.state == "draining" and self.forgets:
            self.forgets -= 1
            return
        self._become("initial")

    def deregister(self, target: Target) -> None:
        self.calls.append(f"deregister {target}")
        if not self.deaf:
            self._become("draining")

    def _become(self, state: str) -> None:
        self.state, self.since = state, self.clock.monotonic()


def rotation(state: str, **balancer: float) -> tuple[Rotation, FakeBalancer, FakeClock]:
    clock = FakeClock()
    api = FakeBalancer(clock=clock, state=state, **balancer)  # type: ignore[arg-type]
    return Rotation(api=api, target=WEB1, clock=clock), api, clock


@pytest.mark.parametrize(
    ("state", "calls", "seconds"),
    [
        ("unused", ["register i-1:80"], 3),
        ("draining", ["register i-1:80"], 3),
        ("initial", [], 3),
        ("healthy", [], 0),
    ],
)
def test_joining_converges_from_every_state(state: str, calls: list[str], seconds: float) -> None:
    turn, api, clock = rotation(state)
    assert turn.join(patience=PATIENCE).healthy
    assert api.calls == calls
    assert clock.elapsed == seconds


def test_a_registration_lost_while_draining_is_repeated() -> None:
    turn, api, clock = rotation("draining", forgets=1)
    assert turn.join(patience=PATIENCE).healthy
    assert api.calls == ["register i-1:80"] * 2
    assert clock.elapsed == 13
    assert [entry["state"] for entry in turn.timeline] == ["draining", "unused", "initial", "healthy"]


def test_the_timeline_tells_each_state_once_with_its_time() -> None:
    turn, _, _ = rotation("unused")
    turn.join(patience=PATIENCE)
    assert [(entry["state"], entry["seconds"], entry["at"]) for entry in turn.timeline] == [
        ("unused", 0, "2026-01-31T12:00:00.000Z"),
        ("initial", 1, "2026-01-31T12:00:01.000Z"),
        ("healthy", 3, "2026-01-31T12:00:03.000Z"),
    ]
    assert turn.turned_at == "2026-01-31T12:00:03.000Z"


def test_a_target_that_stays_unhealthy_fails_with_its_reason() -> None:
    turn, api, clock = rotation("unhealthy")
    with pytest.raises(RotationTimeoutError, match="i-1:80 is not healthy after 60 s: it is unhealthy"):
        turn.join(patience=PATIENCE)
    assert api.calls == []
    assert clock.elapsed == 60


def test_joining_without_waiting_tells_the_state_after_the_call() -> None:
    turn, _, clock = rotation("unused")
    assert turn.join(patience=None).state == "initial"
    assert clock.elapsed == 0


def leave(turn: Rotation, *, minimum: int = 0, patience: Patience | None = PATIENCE) -> TargetHealth:
    return turn.leave(others=list, minimum=minimum, propagation=5, patience=patience)


@pytest.mark.parametrize(
    ("state", "calls", "seconds"),
    [
        ("healthy", ["deregister i-1:80"], 5),
        ("unhealthy", ["deregister i-1:80"], 5),
        ("draining", [], 5),
        ("unused", [], 0),
    ],
)
def test_leaving_holds_until_routing_has_ceased(state: str, calls: list[str], seconds: float) -> None:
    turn, api, clock = rotation(state)
    assert not leave(turn).registered
    assert api.calls == calls
    assert clock.elapsed == seconds


def test_the_hold_is_kept_when_the_group_forgets_the_target_at_once() -> None:
    turn, _, clock = rotation("healthy", delay=0)
    assert leave(turn).state == "unused"
    assert clock.elapsed == 5


def test_leaving_counts_as_out_of_service_from_the_call() -> None:
    turn, _, _ = rotation("healthy")
    leave(turn)
    assert turn.turned_at == "2026-01-31T12:00:00.000Z"


def test_a_refused_leave_calls_nothing() -> None:
    turn, api, _ = rotation("healthy")
    with pytest.raises(RotationRefusedError):
        leave(turn, minimum=1)
    assert api.calls == []
    assert turn.steps == []


def seen_in_turn(states: list[str]) -> Callable[[], list[TargetHealth]]:
    """A look at another target that is in one of STATES after the other, and stays in the last."""
    left = list(states)
    return lambda: [TargetHealth(target=Target("i-2", 80), state=left.pop(0) if len(left) > 1 else left[0])]


@pytest.mark.parametrize(
    ("others", "seconds"),
    [
        (["healthy"], 0),
        # A busy host has failed a check, and passes the next.
        (["unhealthy", "unhealthy", "healthy"], 2),
        # One that has just rejoined.
        (["initial", "healthy"], 1),
    ],
)
def test_a_target_leaves_once_another_is_well_again(others: list[str], seconds: float) -> None:
    turn, api, clock = rotation("healthy")
    turn.leave(others=seen_in_turn(others), minimum=1, propagation=5, patience=PATIENCE)
    assert api.calls == ["deregister i-1:80"]
    assert clock.elapsed == seconds + 5


@pytest.mark.parametrize(
    ("others", "patience", "seconds"),
    [
        (["unhealthy"], PATIENCE, 60),
        (["unhealthy", "healthy"], None, 0),
        # Nothing would bring it back.
        (["draining"], PATIENCE, 0),
        (["unused"], PATIENCE, 0),
    ],
)
def test_a_target_stays_when_no_other_becomes_well(
    others: list[str], patience: Patience | None, seconds: float
) -> None:
    turn, api, clock = rotation("healthy")
    with pytest.raises(RotationRefusedError):
        turn.leave(others=seen_in_turn(others), minimum=1, propagation=5, patience=patience)
    assert api.calls == []
    assert clock.elapsed == seconds


def test_a_target_that_falls_ill_while_it_waits_may_leave() -> None:
    turn, api, clock = rotation("healthy")

    def others() -> list[TargetHealth]:
        api.state = "unhealthy" if clock.elapsed >= 3 else api.state
        return [TargetHealth(target=Target("i-2", 80), state="unhealthy")]

    turn.leave(others=others, minimum=1, propagation=5, patience=PATIENCE)
    assert api.calls == ["deregister i-1:80"]


def test_a_deregistration_that_has_no_effect_is_reported() -> None:
    turn, api, _ = rotation("healthy")
    api.deaf = True
    with pytest.raises(RotationTimeoutError, match="it is healthy"):
        leave(turn)
    assert turn.steps == [Step.DEREGISTER]


@pytest.mark.parametrize(
    ("states", "seconds"),
    [
        (["healthy"], 0),
        # Requests have waited, and with them the load balancer's own checks: it needs some of those to be satisfied.
        (["unhealthy", "unhealthy", "healthy"], 2),
        (["initial", "healthy"], 1),
        (["unhealthy"], 60),
        # It has left the rotation; nothing would bring it back.
        (["draining"], 0),
        (["unused"], 0),
        (["unhealthy", "draining"], 1),
    ],
)
def test_a_target_that_may_come_back_is_waited_for(states: list[str], seconds: float) -> None:
    clock, left = FakeClock(), list(states)

    def look() -> list[TargetHealth]:
        state = left.pop(0) if len(left) > 1 else left[0]
        return [TargetHealth(target=WEB1, state=state), TargetHealth(target=Target("i-2", 80), state="initial")]

    found = settled(look, wanted=["i-1", "i-3"], patience=PATIENCE, clock=clock)
    assert found[0].state == states[-1]
    assert clock.elapsed == seconds
