# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what the application promised a load with what its database says happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict

from lab.load.report import Report

UPLOADS = "SELECT request_id, arrivals FROM ledger_uploadrecord"
RUNS = "SELECT job_id, ended IS NOT NULL FROM ledger_jobrun"

Query = Callable[[str], Iterable[tuple[Any, ...]]]


class Difference(TypedDict):
    """Ids in order: all lists are empty when every promise was kept exactly once."""

    missing: list[str]  # acknowledged, but not there (jobs: fewer runs than owed)
    extra: list[str]  # there with this load's name, but never acknowledged: harmless only if its answer was lost
    doubled: list[str]  # there more often than owed
    unfinished: list[str]  # started, but never ended (jobs only)


class Reconciliation(TypedDict):
    """The differences by what was promised."""

    uploads: Difference
    jobs: Difference
    scheduled: Difference


def reconcile(report: Report, *, query: Query) -> Reconciliation:
    """Compare `report` with the rows that `query` (SQL in, rows out) returns.

    Call it when the queue and the schedule are empty: a job that still waits counts as missing.
    """
    uploads = {str(name): int(arrivals) for name, arrivals in query(UPLOADS)}
    runs = [(str(job), bool(ended)) for job, ended in query(RUNS)]
    started = Counter(job for job, _ in runs)
    unfinished = {job for job, ended in runs if not ended}
    owed = report.jobs | report.scheduled
    acknowledged = _compare(owed=dict.fromkeys(report.uploads, 1), found=_named(uploads, report.run), unfinished=set())
    jobs = _compare(owed=report.jobs, found=_only(started, report.jobs), unfinished=unfinished)
    scheduled = _compare(owed=report.scheduled, found=_only(started, report.scheduled), unfinished=unfinished)
    jobs["extra"] = sorted(_named(started, report.run).keys() - owed.keys())
    return Reconciliation(uploads=acknowledged, jobs=jobs, scheduled=scheduled)


def database_query(**connection: Any) -> Query:
    """Return a query that connects with psycopg2's parameters `connection` each time."""
    import psycopg2  # type: ignore[import-untyped]  # noqa: PLC0415 - only who reads a real database needs it

    def query(sql: str) -> list[tuple[Any, ...]]:
        database = psycopg2.connect(**connection)
        try:
            with database, database.cursor() as cursor:
                cursor.execute(sql)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows
        finally:
            database.close()

    return query


def _compare(*, owed: Mapping[str, int], found: Mapping[str, int], unfinished: set[str]) -> Difference:
    return Difference(
        missing=sorted(name for name, times in owed.items() if found.get(name, 0) < times),
        extra=sorted(found.keys() - owed.keys()),
        doubled=sorted(name for name, times in found.items() if times > owed.get(name, 1)),
        unfinished=sorted(unfinished & found.keys()),
    )


def _named(found: Mapping[str, int], run: str) -> dict[str, int]:
    """Return the rows whose id begins with the load's name."""
    return {name: times for name, times in found.items() if name.startswith(f"{run}-")}


def _only(found: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: found[name] for name in names if name in found}
