# SPDX-License-Identifier: GPL-3.0-or-later
"""The release says which queues it has, and where; the stage believes nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.rq.application import (
    ReleaseQueue,
    left_behind,
    queues_refusal,
    release_queues,
)

from tests.unit.plugins.module_utils.rq.test_rq_integration import probe

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils.rq.rq_system import Rq

DJANGO_RQ = """
import redis
from django.conf import settings

def get_connection(name):
    return redis.Redis.from_url(settings.RQ_QUEUES[name]["URL"])
"""


def queue(name: str, database: int = 2, *, is_ours: bool = True, error: str = "") -> ReleaseQueue:
    return ReleaseQueue(name=name, database=database, is_ours=is_ours, error=error)


@pytest.mark.parametrize(
    ("found", "wanted", "refusal"),
    [
        # An application that uses RQ without django-rq.
        (None, ["default"], ""),
        ([queue("default")], ["default"], ""),
        # AMY's own second queue, for its tests.
        ([queue("default"), queue("testing", 15)], ["default"], ""),
        ([queue("high"), queue("low")], ["low", "high"], ""),
        (
            [queue("default", 0)],
            ["default"],
            "in Redis database 0, and the stage looks for them in 2.*database: 0 in inv",
        ),
        ([queue("emails", 3)], ["default"], r"stage_redis_database: 3 in"),
        ([queue("emails")], ["default"], r"no queue default, .*has a queue emails, .*rq_worker_queues: \[emails\] in"),
        (
            [queue("default"), queue("emails")],
            ["default"],
            r"queue emails, and no .*rq_worker_queues: \[default, emails\]",
        ),
        (
            [queue("default")],
            ["default", "emails"],
            r"no queue emails, .*rq_worker_queues: \[default\] in inventories/test",
        ),
        ([queue("a", 0), queue("b", 1)], ["a", "b"], r"several Redis databases \(a in 0, b in 1\)"),
        ([queue("default", is_ours=False)], ["default"], "lead queue default to a Redis that is not the stage's own"),
        ([queue("default", error="ConnectionError")], ["default"], r"cannot reach .* \(default: ConnectionError\)"),
    ],
)
def test_a_difference_between_release_and_stage_is_refused_with_the_variable_to_set(
    found: list[ReleaseQueue] | None, wanted: list[str], refusal: str
) -> None:
    told = queues_refusal(found, wanted=wanted, database=2, stage="test")
    assert re.search(refusal, told) if refusal else told == ""


def settings(rq: Rq, queues: dict[str, str]) -> None:
    """Let the application have django-rq's settings."""
    (rq.directory / "django").mkdir()
    (rq.directory / "django/__init__.py").write_text("")
    urls = {name: {"URL": url} for name, url in queues.items()}
    (rq.directory / "django/conf.py").write_text(f"class settings:\n    RQ_QUEUES = {urls!r}\n")
    (rq.directory / "django_rq.py").write_text(DJANGO_RQ)


def test_a_release_tells_its_queues_and_their_databases(rq: Rq) -> None:
    settings(
        rq,
        {
            "emails": rq.url,
            "reports": rq.url.replace("db=0", "db=3"),
            "gone": "redis://amy:canary@127.0.0.1:1/0",
            "wrong": "redis://amy:canary/bird@127.0.0.1/0",
        },
    )
    answer = probe(rq)
    assert release_queues(answer) == [
        ReleaseQueue("emails", 0, is_ours=True),
        ReleaseQueue("reports", 3, is_ours=True),
        ReleaseQueue("gone", error="ConnectionError"),
        ReleaseQueue("wrong", error="ValueError"),
    ]
    assert "canary" not in str(answer)


def test_a_release_without_settings_of_django_rq_says_nothing_of_its_queues(rq: Rq) -> None:
    assert release_queues(probe(rq)) is None


def test_jobs_that_wait_in_a_database_of_the_release_before_are_counted(rq: Rq) -> None:
    settings(rq, {"default": rq.url, "testing": rq.url.replace("db=0", "db=15")})
    for database in ("2", "15"):
        code = "q.enqueue(jobs.record, 'a'); s.enqueue_in(datetime.timedelta(hours=1), jobs.record, 'b')"
        rq.run(
            f"import redis, rq, rq_scheduler; c = redis.Redis(unix_socket_path='redis.sock', db={database}); "
            f"q, s = rq.Queue(connection=c), rq_scheduler.Scheduler(connection=c); {code}"
        )
    # A failed one runs no more, and 15 is the application's own.
    assert probe(rq)["elsewhere"] == {"2": 2}


@pytest.mark.parametrize(
    ("elsewhere", "refusal"),
    [
        ({}, ""),
        (
            {"2": 17},
            r"^17 jobs wait in Redis database 2, .* in 0: no worker would run them.*"
            r"make maintenance MODE=on STAGE=test; "
            r"make jobs MODE=aside JOBS=all STAGE=test ARGS='-e stage_redis_database=2'.*supervisorctl stop.*"
            r"make jobs MODE=restore STAGE=test FROM=",
        ),
        ({"2": 1, "5": 3}, r"^1 job waits in Redis database 2, and 3 jobs wait in Redis database 5, "),
    ],
)
def test_no_job_is_left_in_a_database_that_no_worker_looks_at(elsewhere: dict[str, int], refusal: str) -> None:
    told = left_behind(elsewhere, database=0, stage="test")
    assert re.search(refusal, told) if refusal else told == ""
