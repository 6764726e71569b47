# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken releases: refused by one host or earlier, and everything goes on with the old one."""

from __future__ import annotations

import re

import pytest

from tests.stage.conftest import assert_nothing_lost, under_load
from tests.stage.fleet import Fleet
from tests.stage.operator import Deploy, deploy_to_converged_hosts, run_playbook
from tests.stage.trouble import SCHEDULED


@pytest.mark.parametrize(
    ("version", "message"),
    [
        pytest.param("v2-crash", r"web\d: .*gunicorn", marks=pytest.mark.thorough),
        ("v2-error500", r"web\d: .*/account/login/.* 500"),
        pytest.param("v2-slow", r"web\d: .*", marks=pytest.mark.thorough),
        pytest.param("v2-poison", r"cannot be loaded|cannot load|unpickle", marks=pytest.mark.thorough),
    ],
)
def test_a_broken_release_is_refused_and_nothing_is_lost(on_v1: Fleet, version: str, message: str) -> None:
    with under_load(on_v1) as loaded:
        result = deploy_to_converged_hosts(version)
    assert result.code != 0, result
    assert set(on_v1.active_releases().values()) == {"v1"}, result
    assert on_v1.in_rotation(), on_v1.target_states()
    assert on_v1.fetch("/version/") == (200, "v1")
    assert_nothing_lost(on_v1, loaded)
    assert re.search(message, result.output), result


@pytest.mark.thorough
def test_jobs_that_a_release_cannot_load_go_aside_and_come_back(on_v1: Fleet) -> None:
    job = "for-another-day"
    function = "ledger.actions.AnnounceNotice.__call__"
    assert on_v1.fetch(f"/schedule/?id={job}&in=72000", method="POST")[0] == 200
    due = on_v1.queues(f"zscore {SCHEDULED} {job}")

    refused = deploy_to_converged_hosts("v2-poison")
    assert refused.code != 0, refused
    assert refused.says(rf"\d+ x {re.escape(function)}: scheduled, due 20"), refused
    assert refused.says(r"Waiting does not help soon"), refused
    assert refused.says(rf"deploy_accept_jobs={re.escape(function)}"), refused

    moved = jobs(mode="aside", version="v2-poison")
    assert not in_schedule(on_v1, job), moved
    back = jobs(mode="restore", **{"from": set_in(moved)})
    assert on_v1.queues(f"zscore {SCHEDULED} {job}") == due, back

    # The deploy itself moves it when no job runs.
    deployed = deploy_to_converged_hosts("v2-poison", "-e", f"deploy_accept_jobs={function}")
    assert deployed.code == 0, deployed
    assert set(on_v1.active_releases().values()) == {"v2-poison"}, deployed
    assert not in_schedule(on_v1, job), deployed
    assert on_v1.programs_run()
    kept = jobs(mode="restore", **{"from": set_in(deployed)})
    assert kept.says("cannot be loaded by the running release"), kept
    assert not in_schedule(on_v1, job), kept

    returned = deploy_to_converged_hosts("v1")
    assert returned.code == 0, returned
    jobs(mode="restore", **{"from": set_in(deployed)})
    assert on_v1.queues(f"zscore {SCHEDULED} {job}") == due

    moved = jobs(mode="aside", names=job)
    jobs(mode="forget", confirm=f"{on_v1.stage['stage']}/{set_in(moved)}", **{"from": set_in(moved)})
    listed = jobs()
    assert not listed.says(rf"\b{job}\b|{re.escape(set_in(moved))}"), listed


def jobs(**options: str) -> Deploy:
    """Run `make jobs` with these of its variables, such as `mode`; require that it succeeds."""
    arguments = [f"--extra-vars=jobs_{name}={value}" for name, value in options.items()]
    done = run_playbook("jobs", *arguments)
    assert done.code == 0, done
    return done


def set_in(said: Deploy) -> str:
    """Return the name of the set that a command has moved jobs to."""
    found = re.search(r"MODE=restore STAGE=\w+ FROM=([\w.-]+)", " ".join(said.output.split()))
    assert found, said
    return found[1]


def in_schedule(fleet: Fleet, job: str) -> bool:
    """Whether a job is scheduled."""
    return job in fleet.queues(f"zrange {SCHEDULED} 0 -1").split()
