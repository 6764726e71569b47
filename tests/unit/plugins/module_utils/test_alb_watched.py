# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from plugins.module_utils._alb_plan import Target, TargetHealth, absent
from plugins.module_utils._alb_watched import WatchedApi

WEB1, WEB2, WEB3 = (Target(id=f"i-{number}", port=80) for number in (1, 2, 3))


class FakeGroup:
    def __init__(self, **states: str) -> None:
        self.states = states

    def health(self) -> list[TargetHealth]:
        return [TargetHealth(target=Target(id=f"i-{name[-1]}", port=80), state=s) for name, s in self.states.items()]

    def health_of(self, target: Target) -> TargetHealth:
        raise AssertionError("a call more than needed")

    def register(self, target: Target) -> None:
        self.states[f"web{target.id[-1]}"] = "initial"

    def deregister(self, target: Target) -> None:
        self.states[f"web{target.id[-1]}"] = "draining"


@pytest.mark.parametrize(
    ("target", "health", "told"),
    [
        (WEB1, TargetHealth(target=WEB1, state="initial"), "initial, 1 of 2 healthy"),
        (WEB2, TargetHealth(target=WEB2, state="healthy"), "healthy, 1 of 2 healthy"),
        (WEB3, absent(WEB3), "unused, 1 of 2 healthy"),
    ],
)
def test_the_answer_is_the_targets_and_what_is_told_the_groups(target: Target, health: TargetHealth, told: str) -> None:
    lines: list[str] = []
    assert WatchedApi(FakeGroup(web1="initial", web2="healthy"), tell=lines.append).health_of(target) == health
    assert lines == [told]


def test_who_leaves_is_not_missed() -> None:
    lines: list[str] = []
    api = WatchedApi(FakeGroup(web1="healthy", web2="healthy"), tell=lines.append)
    api.deregister(WEB1)
    assert api.health_of(WEB1).state == "draining"
    api.register(WEB1)
    assert api.health_of(WEB1).state == "initial"
    assert lines == ["draining, 1 of 1 healthy", "initial, 1 of 2 healthy"]
