# SPDX-License-Identifier: GPL-3.0-or-later
"""The HAProxy process: it outlives the control plane, so that a crash of the API loses no request."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from .config import ERRORS, Files, error_page
from .runtime import Runtime, RuntimeInterfaceError

START_SECONDS = 60.0
STOP_SECONDS = 5.0


class HaproxyError(RuntimeError):
    """HAProxy refuses its configuration or does not come up; the message has its own words."""


class Haproxy:
    """One HAProxy in master-worker mode; its files are in `files.directory`, its access log is `access.log` there."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self.runtime = Runtime(files.socket)

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self._files.directory / "haproxy.cfg"

    @property
    def _pid_file(self) -> Path:
        return self._files.directory / "haproxy.pid"

    def master(self) -> int | None:
        """Return the master's process id if it lives, also if another process started it."""
        if self._process is not None:
            self._process.poll()  # a dead child would look alive until it is waited for
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return None
        return pid if str(self.configuration).encode() in command else None

    def load(self, text: str) -> None:
        """Serve by configuration `text`: start, or replace the running configuration without closing a listener.

        Raises HaproxyError; then the running configuration goes on.
        """
        self._files.directory.mkdir(parents=True, exist_ok=True)
        for status in ERRORS:
            self._files.error(status).write_text(error_page(status), newline="")
        draft = self.configuration.with_suffix(".draft")
        draft.write_text(text)
        checked = subprocess.run(["haproxy", "-c", "-q", "-f", str(draft)], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            msg = f"HAProxy refuses {draft}: {checked.stderr.strip()}"
            raise HaproxyError(msg)
        draft.rename(self.configuration)
        master = self.master()
        if master is None:
            self._start()
        else:
            self._replace(master)

    def stop(self) -> None:
        """End HAProxy and all its connections."""
        master = self.master()
        if master is None:
            return
        os.kill(master, signal.SIGTERM)
        if not _wait(lambda: self.master() is None, STOP_SECONDS):
            os.kill(master, signal.SIGKILL)  # its workers notice, and end too

    def _start(self) -> None:
        self._files.state.write_text("1\n")  # the version of its format, and no servers
        directory = self._files.directory
        with (directory / "access.log").open("ab") as access, (directory / "haproxy.log").open("ab") as messages:
            self._process = subprocess.Popen(
                ["haproxy", "-W", "-f", str(self.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=access,
                stderr=messages,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self._process.pid}\n")
        self._await_worker(previous=None)

    def _replace(self, master: int) -> None:
        self._files.state.write_text(self.runtime.command("show servers state") + "\n")
        previous = self.runtime.worker()
        os.kill(master, signal.SIGUSR2)
        self._await_worker(previous=previous)

    def _await_worker(self, *, previous: int | None) -> None:
        def answers() -> bool:
            try:
                return self.runtime.worker() != previous
            except RuntimeInterfaceError:
                return False

        if not _wait(answers, START_SECONDS):
            msg = f"HAProxy does not come up; see {self._files.directory / 'haproxy.log'}"
            raise HaproxyError(msg)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
