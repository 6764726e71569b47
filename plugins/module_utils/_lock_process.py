# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find the controller process among our parents, and tell whether one still lives. Linux's /proc; None elsewhere.

Private to this collection.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from ._lock_document import Process


@dataclass(frozen=True)
class ProcessTable:
    """The machine's processes, as /proc shows them."""

    root: Path = Path("/proc")
    machine_id: Path = Path("/etc/machine-id")

    def controller(self, pid: int) -> Process | None:
        """The outermost ansible process among `pid` and its parents; None when there is none or no /proc.

        The outermost, because a playbook's tasks run in forks, and a deploy may be started by another playbook.
        """
        found: Process | None = None
        while pid > 0:
            stat = self._stat(pid)
            if stat is None:
                break
            parent, started = stat
            if self._is_ansible(pid):
                found = self._describe(pid=pid, started=started)
            pid = parent
        return found

    def lives(self, process: Process) -> bool:
        """Whether exactly this process still runs here (same boot, same pid, same start)."""
        if process.boot_id != self._boot_id():
            return False
        stat = self._stat(process.pid)
        return stat is not None and stat[1] == process.started

    def _describe(self, *, pid: int, started: int) -> Process:
        return Process(
            host=socket.gethostname(),
            machine=self.machine_id.read_text().strip() if self.machine_id.exists() else "",
            boot_id=self._boot_id(),
            namespace=str((self.root / "self" / "ns" / "pid").readlink()),
            pid=pid,
            started=started,
        )

    def _boot_id(self) -> str:
        return (self.root / "sys" / "kernel" / "random" / "boot_id").read_text().strip()

    def _stat(self, pid: int) -> tuple[int, int] | None:
        """Parent and start of a process, or None when it is gone or a zombie (proc_pid_stat(5))."""
        try:
            text = (self.root / str(pid) / "stat").read_text(errors="replace")
        except OSError:
            return None
        # The second field is the program's name in brackets, which may itself hold spaces and brackets.
        state, parent, *others = text.rpartition(")")[2].split()
        return None if state == "Z" else (int(parent), int(others[17]))

    def _is_ansible(self, pid: int) -> bool:
        try:
            arguments = (self.root / str(pid) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        # The program, or the script that an interpreter runs.
        return any(Path(os.fsdecode(argument)).name.startswith("ansible") for argument in arguments[:2])
