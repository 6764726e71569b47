# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which processes run from which release, as the kernel tells by their working directories.

Private to this collection; standard library only, because it runs on the hosts.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReleaseProcess:
    """A process whose working directory is in the release with the id `release`."""

    pid: int
    parent: int
    release: str
    command: str


def release_processes(*, releases: Path, command: str, proc: Path = Path("/proc")) -> list[ReleaseProcess]:
    """The processes that run below `releases` and whose command line contains `command`, in order of their pids.

    Processes that end meanwhile are left out. Raises ValueError if `command` cannot be divided into words.
    """
    words = shown(command)
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    found = (_read(proc / str(pid), releases) for pid in pids)
    return [process for process in found if process is not None and words in process.command]


def shown(command: str) -> str:
    """Return `command`, written as for a shell, as the kernel shows it: its words with a blank between them, no quotes.

    Raises ValueError if it cannot be divided into words.
    """
    return " ".join(shlex.split(command)).strip()


def _read(directory: Path, releases: Path) -> ReleaseProcess | None:
    try:
        # The kernel appends " (deleted)" to a folder that is gone; its name still tells the release.
        working = (directory / "cwd").readlink()
        line = (directory / "cmdline").read_bytes()
        status = (directory / "stat").read_text()
    except OSError:
        return None
    if releases not in working.parents:
        return None
    return ReleaseProcess(
        pid=int(directory.name),
        parent=int(status.rpartition(")")[2].split()[1]),
        release=working.relative_to(releases).parts[0].partition(" (deleted)")[0],
        command=line.replace(b"\0", b" ").decode(errors="replace").strip(),
    )
