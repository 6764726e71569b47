# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs on a host, asked for at once: its releases, their processes, what does not run, what is outdated."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from ._outdated_services import outdated, pids_in
from ._processes import release_processes
from .release.site import Site, site_state
from .request_hold import leads_to_waiting

# The states of a program that supervisord has given up, was told to stop, or starts in vain.
DOWN = ("STOPPED", "EXITED", "BACKOFF", "FATAL", "UNKNOWN")
# How `supervisorctl status` ends if all programs run, and if one does not; everything else is its own failure.
ANSWERED = (0, 3)
# What role programs notes of the stage's own programs and timers, and what begins the names of the timers' units.
OWN = Path("/etc/stage-programs.json")
OWN_UNIT = "stage-timer-"
# A supervisord that does not answer must not keep the operator from knowing the rest.
PATIENCE = 10  # seconds


def host_status(
    site_root: Path,
    *,
    services: Sequence[str] = (),
    proc: Path = Path("/proc"),
    hold: Path = Path("/run/request-hold"),
    own: Path = OWN,
    supervisor: Callable[[], str | None] | None = None,
    systemd: Callable[[], str] | None = None,
    main_processes: Callable[[], str] | None = None,
    own_units: Callable[[], str] | None = None,
) -> dict[str, Any]:
    """What a host runs; see RETURN of the module host_status. What cannot be found out beside the releases is None.

    `supervisor` returns what `supervisorctl status` prints, `systemd` what `systemctl list-units` prints of the active
    timers of this collection, `main_processes` what `systemctl show` prints of the `services`, `own_units` what it
    prints of the stage's own timers. Raises ReleaseError.
    """
    processes: list[dict[str, Any]] | None
    try:
        releases = (site_root / "releases").resolve()
        processes = [asdict(process) for process in release_processes(releases=releases, command="", proc=proc)]
        memory = (proc / "meminfo").read_text()
    except OSError:
        processes, memory = None, ""
    programs = (supervisor or supervisor_status)()
    noted = own_in(own)
    return {
        "state": site_state(Site(site_root)),
        "processes": processes,
        "down": down_in(programs or ""),
        "running": None if programs is None else running_in(programs),
        "free_memory": free_memory_in(memory),
        "paused": leads_to_waiting(hold),
        "timers": timers_in((systemd or active_timers)()),
        "own": noted,
        "own_timers": own_timers_in((own_units or partial(show_timers, noted))()),
        "outdated": outdated(pids_in((main_processes or partial(pids_of, services))()), proc=proc),
    }


def supervisor_status() -> str | None:
    """What supervisorctl prints; nothing on a host without it, and None if supervisord does not answer."""
    try:
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        asked = subprocess.run(
            ["supervisorctl", "status"], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except FileNotFoundError:
        return ""
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout if asked.returncode in ANSWERED else None


def active_timers() -> str:
    """What systemctl prints of the timers of this collection that are active."""
    return _printed("systemctl", "list-units", "--type=timer", "--state=active", "--plain", "--no-legend", "amy-*")


def pids_of(services: Sequence[str]) -> str:
    """What systemctl prints of the main processes of the services."""
    units = [f"{service}.service" for service in services]
    return _printed("systemctl", "show", "--property=Id,MainPID", *units) if units else ""


def own_in(record: Path) -> dict[str, Any] | None:
    """What the host was told to run of the stage's own, as role programs has noted it; None if that is nothing."""
    try:
        noted = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted if isinstance(noted, dict) else None


def show_timers(noted: dict[str, Any] | None) -> str:
    """What systemctl prints of the timers that are `noted`, and of their last runs."""
    names = [OWN_UNIT + timer["name"] for timer in (noted or {}).get("timers", [])]
    units = [f"{name}.{kind}" for name in names for kind in ("timer", "service")]
    return _printed("systemctl", "show", "--property=Id,ActiveState,Result", *units) if units else ""


def own_timers_in(systemctl_show: str) -> dict[str, dict[str, Any]]:
    """Whether each timer waits for its next run, and how its last run has ended, by what `systemctl show` prints."""
    found: dict[str, dict[str, Any]] = {}
    for block in systemctl_show.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        name, _dot, kind = values.get("Id", "").removeprefix(OWN_UNIT).rpartition(".")
        if kind == "timer":
            found.setdefault(name, {})["active"] = values.get("ActiveState") == "active"
        elif kind == "service":
            found.setdefault(name, {})["result"] = values.get("Result", "")
    return found


def timers_in(systemctl_list: str) -> list[str]:
    """The names of the timers, by what `systemctl list-units` prints."""
    return sorted(line.split()[0] for line in systemctl_list.splitlines() if line.strip())


def _printed(*command: str) -> str:
    """What a program prints; nothing on a host without it, or if it does not answer."""
    try:
        # Tests call it, which have no AnsibleModule. pylint: disable-next=ansible-bad-function
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def down_in(supervisor_status: str) -> dict[str, str]:
    """The processes that do not run, with their states, by what `supervisorctl status` prints."""
    rows = [line.split() for line in supervisor_status.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1 and row[1] in DOWN}


def running_in(supervisor_status: str) -> dict[str, int]:
    """How many processes of each program run, by what `supervisorctl status` prints."""
    rows = [line.split() for line in supervisor_status.splitlines()]
    # Where a program has one process, that has its name.
    return dict(Counter(row[0].partition(":")[0] for row in rows if len(row) > 1 and row[1] == "RUNNING"))


def free_memory_in(meminfo: str) -> int | None:
    """Bytes that programs can still get, by the text of /proc/meminfo; None if it does not say."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) << 10 if found else None
