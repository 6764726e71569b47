# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance page has one of two names."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.maintenance import MaintenanceError, MaintenancePage

from tests.unit.plugins.module_utils.fake_clock import FakeClock

END = datetime(2026, 1, 31, 15, 30, tzinfo=timezone.utc)


@pytest.fixture
def page(tmp_path: Path) -> MaintenancePage:
    (tmp_path / "maintenance_off.html").write_text("Back at noon")
    os.utime(tmp_path / "maintenance_off.html", (0, 0))
    return MaintenancePage(tmp_path, clock=FakeClock())


def test_switching_on_and_off_renames_the_page_and_keeps_its_text(page: MaintenancePage) -> None:
    assert page.switch("on", dry=False)
    assert page.mode == "on"
    assert (page.site_root / "maintenance_on.html").read_text() == "Back at noon"
    assert page.switch("off", dry=False)
    assert [file.name for file in page.site_root.iterdir()] == ["maintenance_off.html"]


def test_a_page_that_a_deploy_has_switched_on_is_known_until_it_is_off(page: MaintenancePage) -> None:
    page.switch("on", dry=False, for_deploy=True)
    assert page.for_deploy
    page.switch("off", dry=False)
    assert not page.for_deploy
    assert [file.name for file in page.site_root.iterdir()] == ["maintenance_off.html"]


def test_a_page_that_an_operator_has_switched_on_stays_the_operators(page: MaintenancePage) -> None:
    page.switch("on", dry=False)
    page.switch("on", dry=False, for_deploy=True)
    assert not page.for_deploy


def test_a_page_that_an_operator_wants_on_is_the_operators_even_if_a_deploy_has_switched_it_on(
    page: MaintenancePage,
) -> None:
    page.switch("on", dry=False, for_deploy=True)
    assert page.switch("on", dry=True)
    assert page.for_deploy
    assert page.switch("on", dry=False)
    assert page.mode == "on"
    assert not page.for_deploy
    assert not page.switch("on", dry=False)


def test_a_deploy_that_closes_the_site_twice_changes_nothing(page: MaintenancePage) -> None:
    page.switch("on", dry=False, for_deploy=True)
    assert not page.switch("on", dry=False, for_deploy=True)
    assert page.for_deploy


@pytest.mark.parametrize("whose", ["a deploy's", "an operator's", "not on yet"])
def test_a_host_that_closes_itself_leaves_a_page_that_is_on_to_its_owner(page: MaintenancePage, whose: str) -> None:
    if whose != "not on yet":
        page.switch("on", dry=False, for_deploy=whose == "a deploy's")
    subprocess.run(page.switch_command(), check=True)
    assert page.mode == "on"
    assert page.for_deploy == (whose != "an operator's")


@pytest.mark.parametrize("mode", ["on", "off"])
def test_switching_twice_changes_nothing(page: MaintenancePage, mode: str) -> None:
    page.switch(mode, dry=False)
    assert not page.switch(mode, dry=False)


def test_a_page_renamed_by_hand_counts(page: MaintenancePage) -> None:
    (page.site_root / "maintenance_off.html").rename(page.site_root / "maintenance_on.html")
    assert not page.switch("on", dry=False)


def test_a_dry_switch_tells_and_renames_nothing(page: MaintenancePage) -> None:
    assert page.switch("on", dry=True)
    assert page.mode == "off"


def test_without_a_page_there_is_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(MaintenanceError, match="make configure"):
        MaintenancePage(tmp_path).switch("on", dry=False)
    assert not MaintenancePage(tmp_path).switch("off", dry=False)


def test_a_planned_end_is_the_pages_time_of_modification(page: MaintenancePage) -> None:
    page.switch("on", dry=False)
    assert page.planned_end is None
    assert page.switch("on", dry=False, until=END)
    assert page.planned_end == END
    assert not page.switch("on", dry=False, until=END)
    assert not page.switch("on", dry=False)
    assert page.planned_end == END
    assert (page.site_root / "maintenance_on.html").stat().st_mtime == END.timestamp()


def test_an_end_planned_by_hand_counts(page: MaintenancePage) -> None:
    os.utime(page.site_root / "maintenance_off.html", (END.timestamp(), END.timestamp()))
    (page.site_root / "maintenance_off.html").rename(page.site_root / "maintenance_on.html")
    assert page.planned_end == END


@pytest.mark.parametrize("off_by_hand", [True, False])
def test_the_plan_of_the_last_time_is_none_for_this_time(page: MaintenancePage, off_by_hand: bool) -> None:
    page.switch("on", dry=False, until=END)
    if off_by_hand:
        (page.site_root / "maintenance_on.html").rename(page.site_root / "maintenance_off.html")
    else:
        page.switch("off", dry=False)
    page.switch("on", dry=False)
    assert page.planned_end is None


def test_an_end_that_has_passed_is_refused_and_none_any_more(page: MaintenancePage) -> None:
    with pytest.raises(MaintenanceError, match="has passed"):
        page.switch("on", dry=False, until=END - timedelta(days=1))
    assert page.mode == "off"
    page.switch("on", dry=False, until=END)
    page.clock.sleep(4 * 3600)
    assert page.planned_end is None
    assert page.switch("off", dry=False, until=END)


@pytest.mark.parametrize("first", ["off", "on"])
def test_a_new_text_replaces_the_page_and_keeps_its_end(page: MaintenancePage, first: str) -> None:
    page.switch(first, dry=False, until=END)
    until = END if first == "off" else None
    assert page.switch("on", dry=False, content="Back at three", until=until)
    assert (page.site_root / "maintenance_on.html").read_text() == "Back at three"
    assert page.planned_end == END
    assert not page.switch("on", dry=False, content="Back at three", until=until)
    assert [file.name for file in page.site_root.iterdir()] == ["maintenance_on.html"]


def test_a_dry_switch_writes_nothing(page: MaintenancePage) -> None:
    page.switch("on", dry=False)
    assert page.switch("on", dry=True, content="Back at three")
    assert page.switch("on", dry=True, until=END)
    assert (page.site_root / "maintenance_on.html").read_text() == "Back at noon"
    assert page.planned_end is None
