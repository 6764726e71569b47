# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a stage is named by its status as long as it lasts, alone and with the command to run."""

from __future__ import annotations

import re
import time

import pytest

from tests.stage import trouble
from tests.stage.fleet import Fleet
from tests.stage.operator import Status, run_playbook, status

pytestmark = pytest.mark.thorough

DEPLOY = "make deploy STAGE=local"
UNHEALTHY = r"web1 gets no requests: the load balancer calls it unhealthy \(.+\)"
NO_SCHEDULER = "0 schedulers are registered, not one"
# What is broken, and what is to be said of it: the commands, by patterns of what they are for.
BROKEN = {
    trouble.deregistered_host: {
        r"web1 gets no requests: the load balancer calls it (draining|not in the target group).*": DEPLOY
    },
    trouble.gunicorn_stopped: {"web1 runs no gunicorn": "on web1: supervisorctl status", UNHEALTHY: DEPLOY},
    trouble.workers_stopped: {
        "worker1 runs no rqworker": "on worker1: supervisorctl status",
        "No worker takes jobs": "on a worker host: supervisorctl status",
    },
    trouble.scheduler_stopped: {
        "scheduler1 runs no rqscheduler": "on scheduler1: supervisorctl status",
        NO_SCHEDULER: "on scheduler hosts: supervisorctl status",
    },
    trouble.page_by_hand: {"web1 shows the maintenance page": "make maintenance MODE=off STAGE=local"},
    trouble.full_disk: {r"web1 has \d+\.\d MiB left": "on web1: du -xh --max-depth=2 /"},
    trouble.stale_backup: {r".*The newest backup, .+, is \d+ minutes old.*": "make backup STAGE=local"},
    trouble.abandoned_lock: {"The deploy that holds the lock runs no more": DEPLOY},
    # The scheduler prolongs its registration, whether or not it may tick.
    trouble.overdue_job: {
        r"A scheduled job has been due for 1\d minutes": "on the scheduler host: supervisorctl status"
    },
    trouble.stopped_host: {"web2 does not answer over SSH": "aws ec2 describe-instance-status"},
}


@pytest.fixture
def well(on_v1: Fleet) -> Fleet:
    """Return a stage of which nothing needs a hand."""
    # Jobs whose worker another test has killed.
    on_v1.queues("del rq:failed:default")
    if status().code != 0:
        # A stage that has stood still may have no backup of the last minutes.
        assert run_playbook("backup").code == 0
    assert_silent()
    return on_v1


@pytest.mark.parametrize(("broken", "named"), BROKEN.items(), ids=lambda value: getattr(value, "__name__", "named"))
def test_what_is_broken_is_named_until_it_is_repaired(
    well: Fleet, broken: trouble.Trouble, named: dict[str, str]
) -> None:
    with broken(well):
        assert_says(named, within=120)
    assert_silent()


def test_who_holds_the_lock_is_told_and_needs_no_hand(well: Fleet) -> None:
    with trouble.lock_of_another(well):
        held = status()
    assert (held.code, held.findings) == (0, {})
    assert held.found["lock"]["owner"] == "maria@laptop"
    assert held.found["lines"][-1] == "lock: maria@laptop since 2026-01-01T00:00:00Z (deploy v2)"


def test_a_table_tells_of_every_host(well: Fleet) -> None:
    found = status().found
    assert {host["name"] for host in found["hosts"]} == set(well.hosts)
    assert {line.split()[0] for line in found["lines"]} >= set(well.hosts)


def assert_silent() -> None:
    """Require that nothing needs a hand, once hosts and programs have come back."""
    assert_says({}, within=240)


def assert_says(named: dict[str, str], *, within: float) -> None:
    """Require that the status comes to name these things, with these commands, and nothing else."""
    deadline = time.monotonic() + within
    while not names_exactly(found := status(), named):
        assert time.monotonic() < deadline, (found.code, found.findings)


def names_exactly(found: Status, named: dict[str, str]) -> bool:
    """Whether each finding is one of these, and each of these is found."""
    recognized = [
        pattern
        for what, run in found.findings.items()
        for pattern, command in named.items()
        if re.fullmatch(pattern, what) and run == command
    ]
    return (
        sorted(recognized) == sorted(named) and len(found.findings) == len(named) and found.code == (3 if named else 0)
    )
