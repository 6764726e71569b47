# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_report
type: aggregate
short_description: Write the journal and the report of a deploy
version_added: 0.1.0
description:
  - Records which play and which task ran on which host from when to when, and what tasks return as C(deploy_event)
    (see P(carpentries.amy.deploy_event#module)).
  - Writes C(journal.jsonl) as it goes, and C(report.json) and C(report.html) with every new play and at the end, also
    when the deploy fails or is interrupted.
  - Only the playbooks C(deploy), C(rollback) and C(modernize), a phase of which deploys, are recorded, and only once a
    C(plan) event has named the deploy, which its first task does. Nothing is written in check mode.
  - Of a task's result, only its status and a failure's message are kept; of a task with C(no_log), only the status.
options:
  directory:
    description: Where reports go, each into C(<stage>/<deploy id>/). Relative to the current directory.
    type: path
    default: reports
    env:
      - name: AMY_REPORT_DIRECTORY
    ini:
      - section: callback_deploy_report
        key: directory
requirements:
  - enable in configuration
author:
  - The carpentries.amy contributors (@carpentries)
"""

import atexit
import os
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ..module_utils._clock import SystemClock, timestamp
from ..plugin_utils._report_events import EventError
from ..plugin_utils._report_files import Recorder
from ..plugin_utils._task_results import events_of, message_of, role_of

# Those that deploy. A phase of a move that deploys nothing names no deploy, so it leaves no report.
PLAYBOOKS = ("deploy", "rollback", "modernize")
# Characters of a failure's message: more is a program's output, which belongs in its log.
LONGEST_MESSAGE = 2000


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Turns Ansible's events into journal entries; everything else is the recorder's and the model's."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "carpentries.amy.deploy_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._clock = SystemClock()
        self._recorder: Recorder | None = None
        self._begun: dict[tuple[str, str], str] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Begin a journal, if this playbook is one of ours and does something."""
        path = Path(playbook._file_name)
        if path.stem not in PLAYBOOKS or path.parent.name != "playbooks" or context.CLIARGS.get("check"):
            return
        self._recorder = Recorder(directory=Path(self.get_option("directory")).absolute())
        self._record(kind="playbook", name=path.stem)
        # An interrupted run does not get to its statistics. Ansible's forks end without this function.
        atexit.register(self._finish, failed=[], interrupted=True, owner=os.getpid())

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A new phase; the report so far is written, in case the controller dies in it."""
        self._record(kind="phase", name=play.get_name())
        self._write()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Remember when a task began on a host."""
        self._begun[host.get_name(), task._uuid] = self._now()

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task succeeded."""
        self._step(result, status="changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed."""
        self._step(result, status="failed", ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host did not answer."""
        self._step(result, status="unreachable", ignored=bool(getattr(result._task, "ignore_unreachable", False)))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The playbook ended by itself, well or not."""
        failed = sorted({*stats.failures, *stats.dark})
        self._finish(failed=failed, interrupted=False, owner=os.getpid())

    def _step(self, result: Any, *, status: str, ignored: bool = False) -> None:
        if self._recorder is None:
            return
        host, task = result._host, result._task
        content = result._result
        message = message_of(content, no_log=bool(task.no_log))[:LONGEST_MESSAGE]
        self._record(
            kind="step",
            host=host.get_name(),
            role=role_of(host),
            name=task.get_name(),
            start=self._begun.pop((host.get_name(), task._uuid), self._now()),
            status=status,
            ignored=ignored,
            message=message if status in ("failed", "unreachable") else "",
        )
        for event in events_of(content):
            self._record(kind="event", host=host.get_name(), event=event)
            if event.get("type") in ("plan", "outcome"):
                self._write()

    def _finish(self, *, failed: list[str], interrupted: bool, owner: int) -> None:
        if self._recorder is None or owner != os.getpid():
            return
        self._record(kind="finished", failed=failed, interrupted=interrupted)
        page = self._write()
        self._recorder = None
        if page is not None:
            here = Path.cwd()
            self._display.display(f"Report: {page.relative_to(here) if page.is_relative_to(here) else page}")

    def _record(self, **entry: Any) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.record({"at": self._now(), **entry})
        except (EventError, OSError) as error:
            # A deploy must not fail halfway because its report cannot be written.
            self._display.warning(f"The deploy's report is incomplete: {error}")

    def _write(self) -> Path | None:
        if self._recorder is None:
            return None
        try:
            return self._recorder.write()
        except OSError as error:
            self._display.warning(f"The deploy's report cannot be written: {error}")
            return None

    def _now(self) -> str:
        return timestamp(self._clock.now())
