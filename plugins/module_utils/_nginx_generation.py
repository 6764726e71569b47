# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether nginx works with the configuration that is on the disk.

nginx answers a reload before it has tried the new files, and keeps the old configuration when they do not work. Its
workers tell: each reload starts new ones, so a worker that is older than a file does not know that file.
https://nginx.org/en/docs/control.html describes the signals.

Private to this collection; standard library only, because it runs on the hosts. All times are seconds.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_SHUTTING_DOWN = b"nginx: worker process is shutting down"
_WORKER = b"nginx: worker process"
# Positions in /proc/<pid>/stat after the command's closing bracket, see proc(5): fields 4 and 22.
_PARENT, _START = 1, 19


class NginxNotRunningError(Exception):
    """There is no master process."""


@dataclass(frozen=True)
class Worker:
    """A worker process that takes connections, and its age."""

    pid: int
    age: float


def is_current(workers: list[Worker], *, configuration_age: float) -> bool:
    """Whether there are workers and all of them began after the configuration's last change."""
    return bool(workers) and all(worker.age < configuration_age for worker in workers)


def configuration_age(paths: list[str], *, now: float) -> float:
    """Seconds since the youngest of the files at PATHS changed. Raises OSError if one is absent."""
    return now - max(Path(path).stat().st_mtime for path in paths)


def workers_of(pid_file: str, *, proc: str = "/proc", boot_seconds: float | None = None) -> list[Worker]:
    """The workers of the master process named in PID_FILE, those that are shutting down left out.

    Raises NginxNotRunningError.
    """
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) if boot_seconds is None else boot_seconds
    try:
        master = int(Path(pid_file).read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise NginxNotRunningError(f"{pid_file} names no process ({error})") from error
    workers = []
    for entry in Path(proc).iterdir():
        if not entry.name.isdigit():
            continue
        try:
            title = (entry / "cmdline").read_bytes()
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended since the folder was read
            continue
        if int(fields[_PARENT]) == master and title.startswith(_WORKER) and not title.startswith(_SHUTTING_DOWN):
            started = int(fields[_START]) / os.sysconf("SC_CLK_TCK")
            workers.append(Worker(pid=int(entry.name), age=since_boot - started))
    return workers
