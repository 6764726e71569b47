# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a load in a process of its own, where a busy test cannot disturb its timing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from lab.load.options import Options
from lab.load.report import Report

ROOT = Path(__file__).resolve().parents[2]
STARTED = "started"  # the first line that the process prints
GRACE = 30.0  # seconds beyond the requests' own timeout in which the process must end
WELL_BEHAVED = {0, 1}  # exit codes that come with a report


class LoadError(Exception):
    """The load's process did not do its work; the message holds what it printed."""


class Load:
    """A load beside a test: `start`, do the thing that must lose nothing, `stop` and look at the report.

    As a context manager it starts on entering and stops on leaving; the report is then in `report`.
    """

    def __init__(self, options: Options) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="load-")
        self._file = Path(options.report or Path(self._folder.name) / "report.json").resolve()
        self._options = replace(options, report=str(self._file))
        self._process: subprocess.Popen[str] | None = None
        self.report: Report | None = None

    def start(self) -> Load:
        """Start sending; returns when the process is ready. Raises LoadError when it does not get there."""
        command = [sys.executable, "-m", "lab.load", *self._options.arguments()]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        if line.strip() != STARTED:
            raise LoadError(f"The load did not start: {line}{self._process.communicate()[0]}")
        return self

    def stop(self) -> Report:
        """Send nothing more, wait for what is unanswered, return the report. Raises LoadError without one."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
        return self.wait(seconds=0)

    def wait(self, *, seconds: float | None = None) -> Report:
        """Return the report at the load's own end; `seconds` is how much of its duration is left, if not all."""
        if self.report:
            return self.report
        if not self._process:
            raise LoadError("The load was not started.")
        left = self._options.duration if seconds is None else seconds
        try:
            output, _ = self._process.communicate(timeout=left + self._options.timeout + GRACE)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            output, _ = self._process.communicate()
            raise LoadError(f"The load did not end by itself and was killed: {output}") from error
        if self._process.returncode not in WELL_BEHAVED or not self._file.is_file():
            raise LoadError(f"The load ended with code {self._process.returncode}: {output}")
        self.report = Report.from_json(self._file.read_text())
        self._folder.cleanup()
        return self.report

    def __enter__(self) -> Load:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
