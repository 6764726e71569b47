# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that joined late serves the static files of the releases before, for as long as the fleet does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils.release import stage
from plugins.module_utils.release.earlier import add, is_there, lacking, surplus
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.files import remove_tree
from plugins.module_utils.release.history import Activation, append_activation
from plugins.module_utils.release.prune import FRESH, plan_for_site, prune
from plugins.module_utils.release.site import Site, site_state
from tests.unit.plugins.module_utils.release.sites import OWNER, Staged, release_named

V1, V2 = (release_named(name).id for name in ("v1", "v2"))


def entry(release: str, activated: str | None = None) -> dict[str, Any]:
    """What a host keeps of RELEASE."""
    return {"id": release, "commit": "0" * 40, "sha256": f"of {release}", "activated": activated}


FLEET = [entry(release, f"2026-01-0{day}") for day, release in enumerate("abcdef", start=1)]


def join(site: Site, release: str, static: dict[str, str], *, activated: str = "2026-01-01") -> int:
    """Serve the static files of RELEASE as the module does, of an artifact that has more than those."""
    tree = site.releases / f"{release}.partial"
    for path, text in {
        "manage.py": "",
        ".venv/bin/python": "",
        **{f"staticfiles/{p}": t for p, t in static.items()},
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    added = add(tree, site=site, record=entry(release, activated), static_directory="staticfiles", owner=OWNER)
    remove_tree(tree)
    return added


def activate(site: Site, release: str, *, time: str) -> None:
    append_activation(site.history, Activation(time=time, came_from=None, to=release, deploy_id=""))


@pytest.mark.parametrize(
    ("kept", "keep", "wanted"),
    [
        ("f", 5, "edcb"),
        ("f", 2, "e"),
        ("fdb", 5, "ec"),
        ("", 0, ""),
        ("abcdef", 9, ""),
    ],
)
def test_the_releases_active_last_are_lacking(kept: str, keep: int, wanted: str) -> None:
    assert [found["id"] for found in lacking(FLEET, kept=kept, keep=keep)] == list(wanted)


def test_what_never_was_active_is_not_lacking() -> None:
    assert lacking([entry("new"), entry("old", "2026-01-01")], kept=[], keep=5) == [entry("old", "2026-01-01")]


def test_a_release_that_hosts_have_activated_at_different_times_is_as_young_as_the_last_of_them() -> None:
    rolled_back = [entry("a", "2026-01-01"), entry("b", "2026-01-02"), entry("a", "2026-01-03")]
    assert lacking(rolled_back, kept=[], keep=1) == [entry("a", "2026-01-03")]


@pytest.mark.parametrize(
    ("own", "staged", "keep", "gone"),
    [
        ("", "", 4, ""),
        ("", "", 2, "ab"),
        ("ef", "ef", 5, "a"),
        ("efgh", "efgh", 5, "abc"),
        ("b", "b", 5, "b"),  # a rollback has brought all of it
    ],
)
def test_they_go_when_as_many_others_were_active_since(own: str, staged: str, keep: int, gone: str) -> None:
    earlier = {release: f"2026-01-0{day}" for day, release in enumerate("abcd", start=1)}
    history = [Activation(f"2026-02-0{day}", None, release, "") for day, release in enumerate(own, start=1)]
    assert surplus(earlier, staged=staged, history=history, keep=keep) == list(gone)


def test_a_page_of_the_release_before_finds_its_files_and_nothing_else_is_there(site: Site, staged: Staged) -> None:
    staged("v2", {"app.2.css": "two", "same.css": "same"})
    assert join(site, V1, {"app.1.css": "one", "same.css": "same"}) == 2
    assert (site.static / "app.1.css").read_text() == "one"
    assert (site.static / "app.1.css").stat().st_mode & 0o777 == 0o640
    assert (site.static / "same.css").samefile(site.earlier / V1 / "static/same.css")
    assert {path.name for path in (site.earlier / V1).iterdir()} == {".release.json", "static"}
    assert {path.name for path in site.releases.iterdir()} == {V2}
    assert site_state(site)["staged"] == [V2]


def test_it_is_there_only_of_the_same_artifact(site: Site) -> None:
    assert not is_there(site, release=V1, sha256=f"of {V1}")
    join(site, V1, {"app.1.css": "one"})
    assert is_there(site, release=V1, sha256=f"of {V1}")
    assert not is_there(site, release=V1, sha256="another")


def test_what_a_kill_has_left_is_no_release_and_is_done_again(site: Site) -> None:
    join(site, V1, {"app.1.css": "one"})
    (site.earlier / V1).rename(site.earlier / f"{V1}.partial")
    assert not is_there(site, release=V1, sha256=f"of {V1}")
    join(site, V1, {"app.1.css": "one"})
    assert [path.name for path in site.earlier.iterdir()] == [V1]
    assert (site.static / "app.1.css").stat().st_nlink == 2


def test_a_release_without_static_files_is_remembered_too(site: Site) -> None:
    assert join(site, V1, {}) == 0
    assert is_there(site, release=V1, sha256=f"of {V1}")


def test_a_host_tells_of_those_that_it_was_told_of(site: Site, staged: Staged) -> None:
    join(site, V1, {"app.1.css": "one"}, activated="2026-01-01")
    staged("v2", {})
    activate(site, V2, time="2026-01-02")
    told = {kept["id"]: kept for kept in site_state(site)["kept"]}
    assert told[V1] == {**entry(V1, "2026-01-01"), "ref": None, "version": None}
    assert told[V2]["activated"] == "2026-01-02"
    assert told[V2]["sha256"] == (site.record(V2) or {})["sha256"]
    # A third host, when the first is gone.
    assert [found["id"] for found in lacking(list(told.values()), kept=[V2], keep=5)] == [V1]


def test_pruning_takes_the_files_of_the_oldest_and_leaves_the_others(site: Site, staged: Staged) -> None:
    join(site, release_named("v0").id, {"app.0.css": "zero", "both.css": "same"}, activated="2026-01-01")
    join(site, V1, {"app.1.css": "one", "both.css": "same"}, activated="2026-01-02")
    staged("v2", {"app.2.css": "two"})
    activate(site, V2, time="2026-01-03")
    (site.earlier / "killed.partial").mkdir()
    os.utime(site.earlier / "killed.partial", (0, 0))
    plan = plan_for_site(site, keep=2, keep_ids=[], now=10 * FRESH, proc=Path("/proc"))
    assert (plan.remove, plan.remove_earlier) == ([], [release_named("v0").id, "killed.partial"])
    assert prune(site, plan, static_directory="staticfiles", group=os.getgid()) == 1
    assert {path.name for path in site.static.iterdir()} == {"app.1.css", "app.2.css", "both.css"}
    assert plan_for_site(site, keep=2, keep_ids=[], now=10 * FRESH, proc=Path("/proc")).remove_earlier == []


def test_an_artifact_that_is_not_what_the_fleet_has_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "download", lambda _url, *, to, sleep: to.write_text("another"))
    with pytest.raises(ReleaseError, match="damaged or replaced"):
        stage.fetch("http://bucket", to=site.directory(V1), sha256="0" * 64, sleep=lambda _seconds: None)
    assert list(site.releases.iterdir()) == []
