# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

from lab.local_cloud.jobs import Jobs


def test_jobs_of_a_machine_keep_their_order_and_others_do_not_wait() -> None:
    jobs, gate, done = Jobs("test"), threading.Event(), []
    jobs.submit("a", gate.wait)  # type: ignore[arg-type]
    jobs.submit("a", lambda: done.append("a"))
    jobs.submit("b", lambda: done.append("b")).result(timeout=5)
    assert done == ["b"]
    gate.set()
    jobs.finish()
    assert done == ["b", "a"]


def test_a_failed_job_does_not_stop_the_next() -> None:
    jobs, done = Jobs("test"), []

    def fail() -> None:
        raise RuntimeError

    jobs.submit("a", fail)
    jobs.submit("a", lambda: done.append(1))
    jobs.finish()
    assert done == [1]


def test_changes_are_made_only_when_settled() -> None:
    jobs, state = Jobs("test"), []
    jobs.submit("a", lambda: jobs.then(lambda: state.append("changed"))).result(timeout=5)
    assert state == []
    jobs.settle()
    assert state == ["changed"]
