# SPDX-License-Identifier: GPL-3.0-or-later
"""Good releases: the first, the same again, and, under load, the next and the one before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage.conftest import assert_figures_agree, assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import CONVERGED, deploy, deploy_to_converged_hosts, run_playbook


def pythons(fleet: Fleet, host: str, *, of: str) -> set[str]:
    """Return below which folders the Pythons are that a program of the application runs on."""
    found = fleet.run(host, f"for process in $(pgrep --uid amy --full {of}); do readlink /proc/$process/exe; done")
    return {str(Path(path).parents[2]) for path in found.split()}


def test_the_first_deploy_serves_and_the_same_again_changes_nothing(fleet: Fleet) -> None:
    first = deploy("v1")
    assert first.code == 0, first
    assert fleet.fetch("/version/") == (200, "v1")
    again = deploy("v1")
    assert again.code == 0, again
    assert again.changed == dict.fromkeys(again.changed, 0), again
    assert set(fleet.hosts) <= set(again.changed)
    assert "nothing to change" in again.output


def test_a_deploy_under_load_loses_nothing_though_the_release_has_a_python_of_its_own(
    on_v1: Fleet, own_python: tuple[str, str]
) -> None:
    with under_load(on_v1) as loaded:
        result = deploy_to_converged_hosts("v2", *own_python)
    assert result.code == 0, result
    assert set(on_v1.active_releases().values()) == {"v2"}
    assert on_v1.in_rotation()
    for host, program in (("web1", "gunicorn"), ("web2", "gunicorn"), ("worker1", "rq")):
        assert pythons(on_v1, host, of=program) == {f"/webapps/{on_v1.stage['domain']}/pythons"}
    assert_figures_agree(on_v1, loaded)
    assert_nothing_lost(on_v1, loaded)


@pytest.fixture
def web1_never_had_v1(on_v2_after_v1: Fleet) -> Iterator[str]:
    """Give the id of v1, of which web1 has nothing, as if it had been built after it."""
    site = f"/webapps/{on_v2_after_v1.stage['domain']}"
    (v1,) = (name for name in on_v2_after_v1.run("web1", f"ls {site}/releases").split() if name.startswith("v1-"))
    on_v2_after_v1.run("web1", f"rm -r {site}/releases/{v1} && find {site}/static -type f -links 1 -delete")
    yield v1
    # What other tests roll back to.
    assert deploy_to_converged_hosts("v1").code == 0


@pytest.mark.thorough
def test_a_host_that_joins_serves_what_pages_of_the_release_before_ask_for(
    on_v2_after_v1: Fleet, web1_never_had_v1: str
) -> None:
    site = f"/webapps/{on_v2_after_v1.stage['domain']}"
    listed = {
        release: set(on_v2_after_v1.run("web2", f"cd {path}/staticfiles && find . -type f -printf '%P\\n'").split())
        for release, path in (("v1", f"{site}/releases/{web1_never_had_v1}"), ("v2", f"{site}/repo"))
    }
    only_v1 = sorted(listed["v1"] - listed["v2"])
    assert only_v1, "v2 must have changed a hashed file, or this proves nothing"
    asked_for = (
        f"Host: {on_v2_after_v1.stage['domain']}' -H 'X-Forwarded-Proto: https' http://127.0.0.1/static/{only_v1[0]}"
    )
    ask = f"curl --silent --output /dev/null --write-out '%{{http_code}}' -H '{asked_for}"
    assert on_v2_after_v1.run("web1", ask) == "404"
    joined = deploy_to_converged_hosts("v2")
    assert joined.code == 0, joined
    assert on_v2_after_v1.run("web1", ask) == "200"
    assert web1_never_had_v1 not in on_v2_after_v1.run("web1", f"ls {site}/releases")
    again = deploy_to_converged_hosts("v2")
    assert again.changed == dict.fromkeys(again.changed, 0), again


def test_a_rollback_under_load_loses_nothing(on_v2_after_v1: Fleet) -> None:
    with under_load(on_v2_after_v1) as loaded:
        result = run_playbook("rollback", *CONVERGED)
    assert result.code == 0, result
    assert set(on_v2_after_v1.active_releases().values()) == {"v1"}
    assert on_v2_after_v1.in_rotation()
    assert_nothing_lost(on_v2_after_v1, loaded)
