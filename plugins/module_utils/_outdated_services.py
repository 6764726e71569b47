# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which services still run what an update has replaced on the disk.

Private to this collection; standard library only, because it runs on the hosts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

# What the process executes of the system, and whose place another file has taken (proc(5), /proc/pid/maps).
REPLACED = re.compile(r"^\S+ ..x.* /(?:usr|lib)\S* \(deleted\)$", re.MULTILINE)
INTERPRETER = re.compile(r"python[\d.]*$")
# Where /proc/pid/stat has the start of the process, behind its name (proc(5): field 22; the name is the second).
START = 19


def outdated(pids: Mapping[str, int], *, proc: Path = Path("/proc")) -> list[str]:
    """Return the services that an update has replaced; `pids` are their main processes, 0 where there is none."""
    return sorted(name for name, pid in pids.items() if pid and _is_outdated(proc / str(pid)))


def pids_in(systemctl_show: str) -> dict[str, int]:
    """Return the main process of each service, by what `systemctl show --property=Id,MainPID` prints."""
    units = [
        dict(line.split("=", 1) for line in unit.splitlines()) for unit in systemctl_show.split("\n\n") if unit.strip()
    ]
    return {unit["Id"].removesuffix(".service"): int(unit["MainPID"]) for unit in units}


def started(process: Path) -> float:
    """Return when a process was started, in seconds since the epoch. Raises OSError if it has ended."""
    boot = re.search(r"^btime (\d+)$", (process.parent / "stat").read_text(), re.MULTILINE)
    ticks = int((process / "stat").read_text().rpartition(")")[2].split()[START])
    return (int(boot[1]) if boot else 0) + ticks / os.sysconf("SC_CLK_TCK")


def _is_outdated(process: Path) -> bool:
    try:
        if REPLACED.search((process / "maps").read_text()):
            return True
        script = _script((process / "cmdline").read_bytes().decode(errors="replace").split("\0"))
        # The time at which the file came here; its time of modification is the package's.
        return script is not None and script.stat().st_ctime > started(process)
    except OSError:
        return False


def _script(command: list[str]) -> Path | None:
    """Return the script that an interpreter runs, which it does not map."""
    program, *arguments = command
    scripts = [Path(word) for word in arguments[:1] if word.startswith("/") and INTERPRETER.search(program)]
    return next(iter(scripts), None)
