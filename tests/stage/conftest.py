# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the whole-stage tests. They need a running local stage: `make local`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from lab.load.options import Options
from lab.load.process import Load
from lab.load.reconcile import reconcile
from lab.load.report import Report
from tests import python_archive
from tests.stage import balancer_log, order
from tests.stage.fleet import STAGE_FILE, Fleet, eventually
from tests.stage.operator import ROOT, deploy, deploy_to_converged_hosts

FOLDER = Path(__file__).parent
# Everything that a deploy may lose: quick and slow answers, uploads, jobs of both kinds.
LOAD = Options(
    rate=25.0,
    slow_rate=0.3,
    upload_rate=0.3,
    enqueue_rate=0.5,
    schedule_rate=0.3,
    schedule_in=20.0,
    duration=1200.0,
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stage's tests into their order, behind what else was asked for, and mark those that run alone."""
    ours = [item for item in items if item.path.parent == FOLDER]
    for item in ours:
        if order.runs_alone(item.path):
            item.add_marker(pytest.mark.alone)
    others = [item for item in items if item.path.parent != FOLDER]
    items[:] = [*others, *sorted(ours, key=lambda item: order.place(item.path))]


@pytest.fixture
def fleet() -> Fleet:
    """Return the running stage, as a test before has left it."""
    return Fleet()


@pytest.fixture
def on_v1(fleet: Fleet) -> Fleet:
    """Return the stage with v1 on every host and every web host in rotation."""
    releases = set(fleet.active_releases().values())
    if releases != {"v1"} or not fleet.in_rotation():
        result = deploy("v1") if "" in releases else deploy_to_converged_hosts("v1")
        assert result.code == 0, result
    return fleet


@pytest.fixture
def on_v2_after_v1(fleet: Fleet, request: pytest.FixtureRequest) -> Fleet:
    """Return the stage with v2 on every host, which ran v1 before."""
    if set(fleet.active_releases().values()) != {"v2"}:
        request.getfixturevalue("on_v1")
        result = deploy_to_converged_hosts("v2")
        assert result.code == 0, result
    return fleet


@pytest.fixture(scope="session")
def own_python() -> tuple[str, str]:
    """Return what an operator sets so that releases run on a Python of their own, for which Debian 12's stands."""
    builder, made = Fleet().container("scheduler1"), "/tmp/python.tar.gz"
    source = Path(python_archive.__file__).read_text()
    code, said = builder.exec_run(["python3", "-c", source, "/usr/bin/python3", made])
    assert code == 0, said.decode()
    python = json.loads(said)
    archive = ROOT / ".cache/downloads" / f"python-{python['version']}-{python['sha256'][:12]}.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(builder.exec_run(["cat", made]).output)
    url = "{{ release_hosts_endpoint_url }}/_local/downloads/" + archive.name
    archive_there = {"url": url, "sha256": python["sha256"]}
    archives = {f"{distribution}-{python['machine']}": archive_there for distribution in ("debian12", "debian13")}
    return "-e", json.dumps({"release_python": python["version"], "release_python_archives": archives})


class Loaded:
    """A stage under load; `report` is there when the load has ended."""

    report: Report

    @property
    def lost(self) -> int:
        """How many requests got no correct answer."""
        return sum(kind["lost"] for kind in self.report.kinds.values())


def under_load(fleet: Fleet, options: Options = LOAD) -> AbstractContextManager[Loaded]:
    """Load the stage's load balancer for as long as the block lasts."""
    return visited(replace(options, url=fleet.stage["load_balancer_url"], host=fleet.stage["domain"]))


@contextmanager
def visited(options: Options) -> Iterator[Loaded]:
    """Visit the site as `options` say for as long as the block lasts."""
    loaded = Loaded()
    load = Load(options).start()
    try:
        yield loaded
    finally:
        loaded.report = load.stop()
        print(loaded.report.summary())  # noqa: T201 - the figures are what the test is read for


def assert_nothing_lost(fleet: Fleet, loaded: Loaded) -> None:
    """Require that every request was answered, and every promise about uploads and jobs kept exactly once."""
    assert (loaded.lost, loaded.report.skipped) == (0, 0), loaded.report.summary()
    assert_promises_kept(fleet, loaded)


def assert_figures_agree(fleet: Fleet, loaded: Loaded) -> None:
    """Require that the load, the load balancer and the last deploy's report have counted the same requests."""
    exchanges = balancer_log.read(STAGE_FILE.parent / "haproxy/access.log")
    assert balancer_log.of_load(exchanges, loaded.report) == loaded.report.sent
    report = balancer_log.latest_report(ROOT / "reports" / fleet.stage["stage"])
    assert report["requests"]["missing"] == []
    assert balancer_log.contradictions(report, exchanges) == []


def assert_only_the_maintenance_page(fleet: Fleet, loaded: Loaded) -> None:
    """Require that visitors without an answer got the page, and that what was acknowledged was done exactly once."""
    reasons = {reason for kind in loaded.report.kinds.values() for reason in kind["reasons"]}
    assert reasons == {"status 503"}, loaded.report.summary()
    assert_promises_kept(fleet, loaded)


def assert_promises_kept(fleet: Fleet, loaded: Loaded) -> None:
    """Require that every promise about uploads and jobs was kept exactly once."""

    def broken_promises() -> list[str]:
        found = reconcile(loaded.report, query=fleet.query)
        return [
            f"{what} {how}: {name}"
            for what, difference in (
                ("upload", found["uploads"]),
                ("job", found["jobs"]),
                ("scheduled job", found["scheduled"]),
            )
            for how, names in difference.items()
            for name in cast("list[str]", names)
        ]

    # Jobs that were scheduled last are still to run, and those of a hold one after another.
    eventually(lambda: not broken_promises(), within=300, what="every promise to a client is kept exactly once")
