# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance page has one of two names."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.maintenance import MaintenanceError, MaintenancePage


@pytest.fixture
def page(tmp_path: Path) -> MaintenancePage:
    (tmp_path / "maintenance_off.html").write_text("Back at noon")
    return MaintenancePage(tmp_path)


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
