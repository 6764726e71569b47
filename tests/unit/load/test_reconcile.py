# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database holds against what was promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.load.reconcile import UPLOADS, Difference, Reconciliation, reconcile
from lab.load.report import Report

REPORT = Report(
    run="mine",
    url="http://127.77.0.10",
    started="",
    finished="",
    stopped_by="duration",
    sent=5,
    ok=5,
    lost=0,
    skipped=0,
    reopened=0,
    kinds={},
    releases={},
    servers={},
    uploads=["mine-1", "mine-2"],
    uploads_lost=[],
    jobs={"mine-3-0": 1, "mine-4-0": 1},
    scheduled={"mine-5": 2},
    connections={},
    losses=[],
)
UPLOAD_ROWS = {"mine-1": 1, "mine-2": 1, "other-9": 2}
RUN_ROWS = [("mine-3-0", True), ("mine-4-0", True), ("mine-5", True), ("mine-5", True), ("other-1", False)]


def reconciled(
    report: Report = REPORT,
    uploads: dict[str, int] = UPLOAD_ROWS,
    runs: list[tuple[str, bool]] = RUN_ROWS,
) -> Reconciliation:
    def query(sql: str) -> list[tuple[Any, ...]]:
        return list(uploads.items()) if sql == UPLOADS else list(runs)

    return reconcile(report, query=query)


def difference(**lists: list[str]) -> Difference:
    return Difference(
        missing=lists.get("missing", []),
        extra=lists.get("extra", []),
        doubled=lists.get("doubled", []),
        unfinished=lists.get("unfinished", []),
    )


def test_kept_promises_leave_nothing_and_other_loads_do_not_matter() -> None:
    assert reconciled() == {"uploads": difference(), "jobs": difference(), "scheduled": difference()}


def test_uploads() -> None:
    rows = {"mine-2": 2, "mine-7": 1}
    assert reconciled(uploads=rows)["uploads"] == difference(missing=["mine-1"], extra=["mine-7"], doubled=["mine-2"])


def test_jobs() -> None:
    runs = [("mine-4-0", True), ("mine-4-0", False), ("mine-6-0", True), ("mine-5", True), ("mine-5", True)]
    result = reconciled(runs=runs)
    assert result["jobs"] == difference(
        missing=["mine-3-0"], extra=["mine-6-0"], doubled=["mine-4-0"], unfinished=["mine-4-0"]
    )
    assert result["scheduled"] == difference()


def test_scheduled_jobs_are_owed_their_runs() -> None:
    assert reconciled(runs=RUN_ROWS[:3])["scheduled"] == difference(missing=["mine-5"])
    assert reconciled(runs=[*RUN_ROWS, ("mine-5", False)])["scheduled"] == difference(
        doubled=["mine-5"], unfinished=["mine-5"]
    )


def test_a_load_without_jobs() -> None:
    report = replace(REPORT, jobs={}, scheduled={})
    assert reconciled(report, runs=[])["jobs"] == difference()
