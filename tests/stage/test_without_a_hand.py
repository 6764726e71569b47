# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that are killed and hosts that restart: everything serves again, without an operator."""

from __future__ import annotations

import uuid

import pytest

from tests.stage.fleet import Fleet, eventually

# Where each runs, and how its supervisor tells the main process.
PROGRAMS = {
    "nginx": ("web", "systemctl show --property MainPID --value nginx"),
    "gunicorn": ("web", "supervisorctl pid gunicorn"),
    "worker": ("worker", "supervisorctl pid rqworker:rqworker-0"),
    "scheduler": ("scheduler", "supervisorctl pid rqscheduler"),
    "redis": ("redis", "systemctl show --property MainPID --value redis-server"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_killed_program_comes_back(on_v1: Fleet, program: str) -> None:
    role, which = PROGRAMS[program]
    host = on_v1.of_role(role)[0]
    pid = on_v1.run(host, which).strip()
    on_v1.run(host, f"kill -9 {pid}")
    assert_all_serve(on_v1)
    assert on_v1.run(host, which).strip() not in (pid, "0")


@pytest.mark.parametrize("role", ["web", "worker", "scheduler", "redis"])
def test_a_host_that_restarts_serves_again(on_v1: Fleet, role: str) -> None:
    on_v1.start(on_v1.of_role(role)[0])
    assert_all_serve(on_v1)


def test_what_was_scheduled_before_redis_died_still_runs(on_v1: Fleet) -> None:
    name = f"by-hand-{uuid.uuid4()}"
    assert on_v1.fetch(f"/schedule/?in=15&seconds=0&id={name}", method="POST")[0] == 200
    on_v1.run("redis1", "systemctl kill --signal=KILL redis-server")
    runs = f"SELECT job_id FROM ledger_jobrun WHERE job_id = '{name}' AND ended IS NOT NULL"  # noqa: S608
    eventually(lambda: on_v1.query(runs) == [(name,)], within=120, what="the job has run, once")


def assert_all_serve(fleet: Fleet) -> None:
    """Require that every web host answers by itself, and that jobs are run, at once and on time."""
    ask = f"curl --silent --header 'Host: {fleet.stage['domain']}' http://127.0.0.1/account/login/"
    for host in fleet.of_role("web"):
        eventually(lambda host=host: "csrfmiddlewaretoken" in fleet.run(host, f"{ask} || true"), within=180, what=host)  # type: ignore[misc]
    eventually(fleet.in_rotation, within=180, what="every web host is in rotation")
    name = f"by-hand-{uuid.uuid4()}"
    for address in (f"/enqueue/?seconds=0&id={name}", f"/schedule/?in=1&seconds=0&id={name}-later"):
        eventually(lambda address=address: fleet.fetch(address, method="POST")[0] == 200, within=180, what=address)  # type: ignore[misc]
    runs = f"SELECT job_id FROM ledger_jobrun WHERE job_id LIKE '{name}%' AND ended IS NOT NULL ORDER BY job_id"  # noqa: S608
    # A scheduler that was killed in a tick leaves its lock for 70 s.
    eventually(lambda: fleet.query(runs) == [(f"{name}-0",), (f"{name}-later",)], within=150, what="both jobs have run")
