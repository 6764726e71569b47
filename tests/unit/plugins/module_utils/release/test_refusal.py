# SPDX-License-Identifier: GPL-3.0-or-later
"""A release that a deploy has tried and given up is marked, until it has proved itself."""

from __future__ import annotations

import os
from datetime import datetime, timezone

import pytest

from plugins.module_utils.release.activate import activate, pending_activation
from plugins.module_utils.release.refusal import Refusal, accept, refuse
from plugins.module_utils.release.site import REFUSAL, Site, site_state
from tests.unit.plugins.module_utils.release.sites import Staged

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def turn_to(site: Site, *releases: str, deploy_id: str) -> None:
    for release in releases:
        pending = pending_activation(site, release=release, deploy_id=deploy_id, now=NOW)
        assert pending
        activate(site, pending)


def refusal(deploy_id: str) -> Refusal:
    return Refusal(time="2026-01-31T12:00:00.000Z", by="maria", deploy_id=deploy_id, reason="web1: it answers 500")


def test_a_release_that_was_given_up_is_not_gone_back_to(site: Site, staged: Staged) -> None:
    first, second, third = staged("v1", {}), staged("v2", {}), staged("v3", {})
    turn_to(site, first, deploy_id="one")
    turn_to(site, second, deploy_id="two")  # the host could not be rolled back
    assert refuse(site, second, refusal("two"), dry=False)
    turn_to(site, third, deploy_id="three")
    state = site_state(site)
    assert state["previous"]["id"] == first
    assert state["refused"][second]["reason"] == "web1: it answers 500"


def test_a_release_that_has_proved_itself_is_gone_back_to_again(site: Site, staged: Staged) -> None:
    first, second, third = staged("v1", {}), staged("v2", {}), staged("v3", {})
    turn_to(site, first, second, third, deploy_id="one")
    refuse(site, second, refusal("one"), dry=False)
    assert accept(site, second, dry=False)
    assert not accept(site, second, dry=False)
    assert site_state(site)["previous"]["id"] == second


def test_a_deploy_that_has_not_tried_the_release_says_nothing_of_it(site: Site, staged: Staged) -> None:
    first, second = staged("v1", {}), staged("v2", {})
    turn_to(site, first, second, deploy_id="one")
    assert not refuse(site, first, refusal("two"), dry=False)
    assert site_state(site)["refused"] == {}


def test_a_deploy_that_has_only_taken_the_release_away_has_tried_it(site: Site, staged: Staged) -> None:
    first, second = staged("v1", {}), staged("v2", {})
    turn_to(site, first, second, deploy_id="interrupted")
    turn_to(site, first, deploy_id="two")
    assert refuse(site, second, refusal("two"), dry=False)


def test_a_dry_run_marks_nothing(site: Site, staged: Staged) -> None:
    first = staged("v1", {})
    turn_to(site, first, deploy_id="one")
    assert refuse(site, first, refusal("one"), dry=True)
    assert site_state(site)["refused"] == {}
    refuse(site, first, refusal("one"), dry=False)
    assert accept(site, first, dry=True)
    assert first in site_state(site)["refused"]


@pytest.mark.parametrize("text", ["", '{"time": "2026-', "[]", "\udcff"])
def test_a_mark_that_cannot_be_read_is_a_refusal_without_a_reason(site: Site, staged: Staged, text: str) -> None:
    first = staged("v1", {})
    (site.directory(first) / REFUSAL).write_bytes(text.encode(errors="surrogateescape"))
    assert site_state(site)["refused"] == {first: {"time": "", "by": "", "deploy_id": "", "reason": ""}}


def test_a_full_disk_leaves_no_half_a_mark(site: Site, staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    first = staged("v1", {})
    turn_to(site, first, deploy_id="one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            refuse(site, first, refusal("one"), dry=False)
    assert site_state(site)["refused"] == {}
    assert refuse(site, first, refusal("one"), dry=False)
    assert site_state(site)["refused"][first]["by"] == "maria"
