# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from plugins.module_utils.release.activate import activate, pending_activation
from plugins.module_utils.release.failure import ReleaseError
from plugins.module_utils.release.history import Activation, previous_release, read_history
from plugins.module_utils.release.prune import FRESH, in_use, plan_for_site, prune, prune_plan
from plugins.module_utils.release.site import Site, platform_name, site_state
from tests.unit.plugins.module_utils.release.sites import Staged

NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
OLD = FRESH * 10


def turn_to(site: Site, release: str) -> bool:
    """Make RELEASE active as the module does; tells whether anything had to be done."""
    pending = pending_activation(site, release=release, deploy_id="deploy", now=NOW)
    if pending:
        activate(site, pending)
    return pending is not None


def test_activation_is_recorded_once(site: Site, staged: Staged) -> None:
    first, second = staged("v1", {}), staged("v2", {})
    assert [turn_to(site, release) for release in (first, first, second)] == [True, False, True]
    assert [(past.came_from, past.to) for past in read_history(site.history)] == [(None, first), (first, second)]
    assert site.active() == second
    assert (site.root / "repo/manage.py").exists()
    assert sorted(path.name for path in site.root.iterdir()) == ["releases", "repo", "shared", "static"]


def test_history_catches_up_after_a_crash_between_link_and_line(site: Site, staged: Staged) -> None:
    first, second = staged("v1", {}), staged("v2", {})
    turn_to(site, first)
    site.link.unlink()
    site.link.symlink_to(f"releases/{second}")
    assert site_state(site)["activated_by"] is None
    assert turn_to(site, second)
    assert site_state(site)["activated_by"] == "deploy"
    assert read_history(site.history)[-1].came_from == first
    assert not turn_to(site, second)


def test_rollback_is_an_activation_like_any_other(site: Site, staged: Staged) -> None:
    first, second, third = staged("v1", {}), staged("v2", {}), staged("v3", {})
    for release in (first, second, third, second):
        turn_to(site, release)
    state = site_state(site)
    assert (state["active"]["id"], state["previous"]["id"]) == (second, first)


def test_unstaged_release_is_refused(site: Site, staged: Staged) -> None:
    identity = staged("v1", {})
    with pytest.raises(ReleaseError, match=f"staged here: {identity}"):
        turn_to(site, "v9-0123456789ab-01234567")


def test_directory_in_the_place_of_the_link_is_explained(site: Site, staged: Staged) -> None:
    site.link.mkdir()
    with pytest.raises(ReleaseError, match=r"mv .*repo .*repo\.before"):
        turn_to(site, staged("v1", {}))


def test_damaged_history_is_explained(site: Site) -> None:
    site.history.write_text("{}\n")
    with pytest.raises(ReleaseError, match="no activation"):
        read_history(site.history)


def test_state_of_a_new_host(site: Site) -> None:
    state = site_state(site)
    assert (state["active"], state["previous"], state["staged"], state["maintenance"]) == (None, None, [], False)
    assert state["free_bytes"] > 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n', "debian12-x86_64"),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', "ubuntu24.04-x86_64"),
    ],
)
def test_platform(text: str, name: str) -> None:
    assert platform_name(text, machine="x86_64") == name


def activations(*releases: str) -> list[Activation]:
    """A history in which RELEASES ran one after the other."""
    before = [None, *releases]
    return [
        Activation(time=(NOW + timedelta(hours=hour)).isoformat(), came_from=came_from, to=to, deploy_id="")
        for hour, (came_from, to) in enumerate(zip(before, releases, strict=False))
    ]


@pytest.mark.parametrize(
    ("history", "keep", "extra", "running", "removed"),
    [
        ("abcdef", 5, [], [], ["a"]),
        ("abcdef", 2, [], [], ["a", "b", "c", "d"]),
        ("abcdef", 1, [], [], ["a", "b", "c", "d"]),  # e ran before f
        ("abcdef", 0, [], [], ["a", "b", "c", "d"]),
        ("abcdef", 1, ["b"], ["c"], ["a", "d"]),
        ("abcdefa", 2, [], [], ["b", "c", "d", "e"]),  # a rollback to a
    ],
)
def test_prune_plan(history: str, keep: int, extra: list[str], running: list[str], removed: list[str]) -> None:
    plan = prune_plan(
        staged=dict.fromkeys("abcdef", OLD),
        history=activations(*history),
        active=history[-1],
        keep=keep,
        keep_ids=extra,
        running=running,
    )
    assert plan.remove == removed
    assert set(plan.keep) | set(plan.remove) == set("abcdef")


@pytest.mark.parametrize(("age", "removed"), [(FRESH - 1, []), (FRESH + 1, ["new"])])
def test_release_that_never_ran_is_kept_while_it_is_fresh(age: float, removed: list[str]) -> None:
    plan = prune_plan(staged={"new": age}, history=[], active=None, keep=5, keep_ids=[], running=[])
    assert plan.remove == removed


def test_previous_release() -> None:
    assert previous_release(activations("a", "b", "c"), active="c") == "b"
    # c was left for b: a second rollback goes on to a.
    assert previous_release(activations("a", "b", "c", "b"), active="b") == "a"
    assert previous_release(activations("a", "b", "a"), active="a") is None
    assert previous_release([], active=None) is None


def test_a_rollback_passes_over_what_was_refused() -> None:
    assert previous_release(activations("a", "b", "c"), active="c", refused=["b"]) == "a"
    assert previous_release(activations("a", "b", "c", "d"), active="d", refused=["b", "c"]) == "a"
    assert previous_release(activations("a", "b"), active="b", refused=["a"]) is None
    assert previous_release(activations("a", "b"), active="b", refused=["b"]) == "a"


def test_what_a_rollback_would_choose_is_kept() -> None:
    plan = prune_plan(
        staged=dict.fromkeys("abcd", OLD),
        history=activations(*"abcd"),
        active="d",
        keep=1,
        keep_ids=[],
        running=[],
        refused=["b", "c"],
    )
    assert plan.remove == ["b", "c"]


def test_pruning_removes_what_only_the_removed_had(site: Site, staged: Staged) -> None:
    first = staged("v1", {"old/only.1.css": "one", "both.css": "same", "plain.css": "first"})
    second = staged("v2", {"only.2.css": "two", "both.css": "same", "plain.css": "second"})
    third = staged("v3", {"both.css": "same"})
    for release in (first, second, third):
        turn_to(site, release)
    remains = site.releases / "v0-0123456789ab-01234567.partial"
    remains.mkdir()
    os.utime(remains, (0, 0))
    plan = plan_for_site(site, keep=1, keep_ids=[], now=NOW.timestamp() + 10 * OLD, proc=Path("/proc"))
    assert plan.remove == [first, remains.name]
    prune(site, plan, static_directory="staticfiles", group=os.getgid())
    assert {path.name for path in site.static.rglob("*")} == {"only.2.css", "both.css", "plain.css"}
    assert (site.static / "plain.css").read_text() == "second"
    assert sorted(path.name for path in site.releases.iterdir()) == ["history.jsonl", second, third]


def test_running_process_is_found_by_its_directory_and_its_command(site: Site, staged: Staged) -> None:
    first, second, third = (staged(name, {}) for name in ("v1", "v2", "v3"))
    sleeper = ["sleep", "30"]
    with (
        subprocess.Popen(sleeper, cwd=site.directory(first)) as one,
        subprocess.Popen(["sh", "-c", "sleep 30; :", f"{site.directory(second)}/.venv/bin/gunicorn"]) as two,
    ):
        running = in_use(site.releases, proc=Path("/proc"))
        one.kill()
        two.kill()
    assert running == {first, second}
    assert third not in running
