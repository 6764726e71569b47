# SPDX-License-Identifier: GPL-3.0-or-later
"""The one old server becomes the fleet under load that follows DNS, and each phase is taken back once on the way.

For a stage that `make legacy` has just started: pytest tests/stage/test_9_modernize.py
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time

import pytest

from tests.load.options import Options
from tests.stage.conftest import assert_nothing_lost, visited
from tests.stage.fleet import Fleet
from tests.stage.operator import ROOT

pytestmark = pytest.mark.thorough

OLD = "legacy1"
SCHEDULED = "zrange rq:scheduler:scheduled_jobs 0 -1 withscores"
DAY = 24 * 3600.0
# The old server has three workers, and one request that sleeps takes one of them.
LOAD = Options(
    url="https://amy.carpentries.test",
    resolver="10.77.0.1",
    ca_file=str(ROOT / ".local/authorities.pem"),
    rate=10.0,
    slow_rate=0.05,
    slow_seconds=3.0,
    upload_rate=0.1,
    enqueue_rate=0.2,
    schedule_rate=0.2,
    schedule_in=20.0,
    duration=3600.0,
)


@pytest.fixture(scope="module")
def legacy() -> Fleet:
    """Return the legacy stage, whose fleet may not be there yet."""
    fleet = Fleet()
    if OLD not in fleet.hosts:
        pytest.skip("needs the legacy stage: make local-down; make legacy")
    return fleet


def modernize(phase: str) -> str:
    """Run a phase, and return what it printed."""
    began = time.monotonic()
    command = ["make", "--no-print-directory", "modernize", "STAGE=legacy", f"PHASE={phase}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(f"{phase or 'report'}: {time.monotonic() - began:.0f} s")  # noqa: T201 - the times are looked at
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def far_away(fleet: Fleet, host: str) -> dict[str, float]:
    """Return the jobs on a host's Redis that are scheduled for another day, with their times."""
    lines = fleet.run(host, f"{redis_cli(fleet, host)} -n 2 {SCHEDULED}").split()
    jobs = dict(zip(lines[::2], map(float, lines[1::2]), strict=True))
    return {job: due for job, due in jobs.items() if due > time.time() + DAY}


def redis_cli(fleet: Fleet, host: str) -> str:
    """Return the command by which an administrator speaks to a host's Redis."""
    return "redis-cli" if host == OLD else fleet.redis_cli()


def runs(fleet: Fleet, *programs: str) -> bool:
    """Whether the old server runs exactly these programs."""
    status = fleet.run(OLD, "supervisorctl status || true")
    return {line.split()[0] for line in status.splitlines() if " RUNNING " in line} == set(programs)


def test_the_report_names_the_first_command(legacy: Fleet) -> None:
    assert "Next: make modernize PHASE=" in modernize("")


def test_nobody_notices_any_phase_nor_its_way_back(legacy: Fleet) -> None:
    scheduled = far_away(legacy, OLD)
    assert len(scheduled) >= 250
    modernize("inspect")
    with visited(LOAD) as loaded:
        for phase in ("certificate", "prepare", "redis"):
            modernize(phase)
        assert far_away(Fleet(), "redis1") == scheduled
        modernize("undo_redis")
        assert far_away(legacy, OLD) == scheduled
        for phase in ("redis", "queues"):
            modernize(phase)
        assert runs(legacy, "gunicorn")
        modernize("undo_queues")
        assert runs(legacy, "gunicorn", "rqworker", "rqscheduler")
        for phase in ("queues", "rehearse", "dns", "undo_dns", "dns"):
            modernize(phase)
        # In the end nobody needs the old gunicorn any more.
        legacy.run(OLD, "supervisorctl stop gunicorn")
        time.sleep(30)
    fleet = Fleet()
    assert far_away(fleet, "redis1") == scheduled
    assert_nothing_lost(fleet, loaded)


# The whole way back, and forth again: where each is cut off.
STRUCK = {
    "undo_dns": "Put the record back",
    "undo_queues": "Stop the workers or the scheduler",
    "undo_redis": "Start the application of the old server anew",
    "redis": "Tell the programs of the old server",
    "queues": "Start what the host is for",
    "dns": "Pass on",
}


@pytest.mark.parametrize("phase", STRUCK)
def test_a_phase_whose_controller_has_died_is_done_by_the_same_command(legacy: Fleet, phase: str) -> None:
    """Begins and ends on the moved stage."""
    legacy.run(OLD, "supervisorctl start gunicorn || true")
    with visited(LOAD) as loaded:
        strike(phase)
        modernize(phase)
    assert_nothing_lost(Fleet(), loaded)


def strike(phase: str) -> None:
    """Run a phase, and kill its controller in the middle of what it changes."""
    # Its tasks are watched one by one, as Ansible itself shows them.
    playbook = [
        "ansible-playbook",
        "-i",
        "inventories/legacy",
        "carpentries.amy.modernize",
        "-e",
        f"modernize_phase={phase}",
    ]
    process = subprocess.Popen(
        playbook, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        assert any(re.search(rf"TASK \[.*{STRUCK[phase]}", line) for line in process.stdout)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
