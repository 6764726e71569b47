# SPDX-License-Identifier: GPL-3.0-or-later
"""The one old server becomes the fleet under load that follows DNS, and each phase is taken back once on the way.

For a stage that `make legacy` has just started: pytest tests/stage/test_move_to_fleet.py
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.load.options import Options
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


def modernize(phase: str, confirmation: str = "") -> str:
    """Run a phase, and return what it printed."""
    began = time.monotonic()
    chosen = [f"PHASE={phase}", f"CONFIRM={confirmation}"]
    command = ["make", "--no-print-directory", "modernize", "STAGE=legacy", *chosen]
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


# The first steps, which change the old server little: where each is cut off before it is done.
STRUCK_FIRST = {
    "inspect": ["Look at how much the media files take"],
    "certificate": ["Wait until the certificate is issued"],
    "prepare": ["Wait until all of them run", "Stage the release", "Connect nginx to gunicorn", "Put them there"],
}


@pytest.mark.parametrize("phase", STRUCK_FIRST)
def test_a_first_phase_whose_controller_has_died_is_done_by_the_same_command(legacy: Fleet, phase: str) -> None:
    """Begins on a stage that has only its old server, and ends on one that is prepared."""
    with visited(LOAD) as loaded:
        for moment in STRUCK_FIRST[phase]:
            strike(phase, moment)
        modernize(phase)
    assert_nothing_lost(legacy, loaded)


def test_no_visitor_notices_any_phase_nor_its_way_back(legacy: Fleet) -> None:
    scheduled = far_away(legacy, OLD)
    assert len(scheduled) >= 250
    modernize("inspect")
    with visited(LOAD) as loaded:
        for phase in ("certificate", "prepare"):
            modernize(phase)
        assert_what_fails_is_taken_back(legacy)
        modernize("redis")
        assert far_away(Fleet(), "redis1") == scheduled
        modernize("undo_redis")
        assert far_away(legacy, OLD) == scheduled
        modernize("redis")
        assert_workers_that_do_not_start_leave_the_work_to_the_old(legacy)
        modernize("queues")
        assert runs(legacy, "gunicorn")
        modernize("undo_queues")
        assert runs(legacy, "gunicorn", "rqworker", "rqscheduler")
        for phase in ("queues", "rehearse", "dns", "undo_dns", "dns"):
            modernize(phase)
        # In the end the old gunicorn is no longer needed.
        legacy.run(OLD, "supervisorctl stop gunicorn")
        time.sleep(30)
    fleet = Fleet()
    assert far_away(fleet, "redis1") == scheduled
    assert_nothing_lost(fleet, loaded)


# The whole way back, and forth again: where each is cut off.
STRUCK = {
    "undo_dns": "Put the record back",
    "undo_queues": "Stop the workers or the scheduler",
    "undo_redis": "Restart the application of the old server",
    "redis": "Tell the programs of the old server",
    "queues": "Start what the host is for",
    "dns": "Pass on",
}


@pytest.mark.parametrize("phase", STRUCK)
def test_a_phase_whose_controller_has_died_is_done_by_the_same_command(legacy: Fleet, phase: str) -> None:
    """Begins and ends on the moved stage."""
    legacy.run(OLD, "supervisorctl start gunicorn || true")
    with visited(LOAD) as loaded:
        strike(phase, STRUCK[phase])
        modernize(phase)
    assert_nothing_lost(Fleet(), loaded)


def test_the_old_server_is_retired_by_the_same_command_after_its_controller_has_died(legacy: Fleet) -> None:
    """Begins on the moved stage."""
    confirmation = legacy.stage["domain"]
    with visited(LOAD) as loaded:
        strike("retire", "Stop the services, also at boot", confirmation)
        modernize("retire", confirmation)
    listening = legacy.run(OLD, "ss --no-header --listening --tcp --numeric")
    assert not re.search(r":(80|443|6379|8000)\b", listening), listening
    assert_nothing_lost(Fleet(), loaded)


def strike(phase: str, moment: str, confirmation: str = "") -> None:
    """Run a phase, and kill its controller in the middle of what it changes."""
    process = begin(phase, moment, confirmation)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def begin(phase: str, moment: str, confirmation: str = "") -> subprocess.Popen[str]:
    """Run a phase until it comes to the task `moment`, and return its process."""
    # Its tasks are watched one by one, as Ansible itself shows them.
    playbook = ["ansible-playbook", "-i", "lab/inventories/legacy", "carpentries.amy.modernize"]
    process = subprocess.Popen(
        [*playbook, "-e", f"modernize_phase={phase}", "-e", f"modernize_confirm={confirmation}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert any(re.search(rf"TASK \[.*{moment}", line) for line in process.stdout)
    return process


def assert_refused(process: subprocess.Popen[str], says: str) -> None:
    """Let a phase come to its end, and require that it has failed and says why."""
    output, _ = process.communicate(timeout=600)
    assert process.returncode != 0, output[-6000:]
    assert says in " ".join(output.split()), output[-6000:]


@contextmanager
def broken(fleet: Fleet, host: str, how: str, repair: str) -> Iterator[None]:
    """Break something on a host for as long as the block lasts."""
    fleet.run(host, how)
    try:
        yield
    finally:
        fleet.run(host, repair)


def assert_what_fails_is_taken_back(legacy: Fleet) -> None:
    """Require of a prepared stage that a move of Redis which cannot be done leaves the old server as it was."""
    scheduled = far_away(legacy, OLD)
    unit = "/etc/systemd/system/request-hold.socket.d"
    refusal = f"mkdir {unit} && printf '[Unit]\\nAssertPathExists=/nowhere\\n' > {unit}/broken.conf"
    with broken(legacy, OLD, f"{refusal} && systemctl daemon-reload", f"rm -r {unit} && systemctl daemon-reload"):
        assert_refused(begin("redis", "Hold the requests"), "the old server serves as before")
    assert runs(legacy, "gunicorn", "rqworker", "rqscheduler")
    # While the requests in flight end, the Redis dies that they are about to be led to: a matter of seconds.
    prepared = Fleet()
    process = begin("redis", "Hold the requests")
    with broken(prepared, "redis1", "systemctl stop redis-server", "systemctl start redis-server"):
        assert_refused(process, "the old server serves as before")
    assert runs(legacy, "gunicorn", "rqworker", "rqscheduler")
    assert far_away(legacy, OLD) == scheduled


def assert_workers_that_do_not_start_leave_the_work_to_the_old(legacy: Fleet) -> None:
    """Require of a stage whose Redis has moved that the old worker and scheduler go on where the fleet's cannot."""
    prepared = Fleet()
    manage = f"/webapps/{prepared.stage['domain']}/repo/manage.py"
    with broken(prepared, "worker1", f"mv {manage} {manage}.gone", f"mv {manage}.gone {manage}"):
        assert_refused(begin("queues", "Run the workers"), "those of the old server run again")
    assert runs(legacy, "gunicorn", "rqworker", "rqscheduler")
