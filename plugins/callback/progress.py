# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: Show how far a deploy is, and what each host does
version_added: 0.1.0
description:
  - In a terminal, a bar for the phases (the playbook's plays) with the time that has passed and, once there are reports
    of deploys that went through (P(carpentries.amy.deploy_report#callback)), the time that is left, of the whole and of
    the phase; and a line for each host that changes in place. It tells how the waits for a host go, too - how many
    requests are in flight on one that drains, what the load balancer says of one that rejoins.
  - Above it, and alone where the output is no terminal, a line for each thing that matters, for good. Phases that do
    something, what has changed, hosts that leave the load balancer or rejoin it, what a playbook says
    (C(ansible.builtin.debug)), differences (C(--diff)), warnings, and failures with their whole message.
  - Of a task with C(no_log), nothing but its name is shown.
  - With C(-v) or more, the output is that of C(ansible.builtin.default).
  - A recap of the hosts ends the output, as it does by default.
options:
  report_directory:
    description: Where P(carpentries.amy.deploy_report#callback) writes reports. Relative to the current directory.
    type: path
    default: reports
    env:
      - name: AMY_REPORT_DIRECTORY
    ini:
      - section: callback_deploy_report
        key: directory
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - set as stdout in configuration
  - rich, for what changes in place; without it there are lines only
author:
  - The carpentries.amy contributors (@carpentries)
"""

import atexit
import os
import sys
import textwrap
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ..module_utils._clock import SystemClock
from ..plugin_utils._live_notes import LiveNotes
from ..plugin_utils._progress_estimates import estimates_from
from ..plugin_utils._progress_model import Kind, Note, Progress, Result, Task, phases_of, remark_on, word_for
from ..plugin_utils._progress_screen import Screen, screen_for
from ..plugin_utils._progress_text import lines_of
from ..plugin_utils._report_files import past_reports
from ..plugin_utils._task_results import events_of, is_hidden, message_of, name_stage, outputs_of, role_of

COLORS = {
    Kind.PHASE: constants.COLOR_HIGHLIGHT,
    Kind.CHANGE: constants.COLOR_CHANGED,
    Kind.EVENT: constants.COLOR_OK,
    Kind.MESSAGE: None,
    Kind.IGNORED: constants.COLOR_WARN,
    Kind.FAILURE: constants.COLOR_ERROR,
}


def unless_verbose(method: Callable[..., None]) -> Callable[..., None]:
    """With `-v`, do what Ansible's own callback does instead of `method`."""

    @wraps(method)
    def chosen(self: CallbackModule, *arguments: Any, **keywords: Any) -> None:
        if self.is_verbose:
            getattr(super(CallbackModule, self), method.__name__)(*arguments, **keywords)
        else:
            method(self, *arguments, **keywords)

    return chosen


class CallbackModule(DefaultCallback):  # type: ignore[misc]
    """Tells the model what Ansible does; prints what the model wants to be printed."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "carpentries.amy.progress"

    def __init__(self) -> None:
        super().__init__()
        self.is_verbose = self._display.verbosity > 0
        self._now = SystemClock().monotonic
        self._progress = Progress(expected=[], estimates={}, started=self._now())
        self._screen: Screen | None = None
        self._stage = ""
        # Ansible removes the directory of a run when it ends.
        self._notes = LiveNotes(Path(constants.DEFAULT_LOCAL_TMP) / "progress")

    @unless_verbose
    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Learn the phases, and begin to draw."""
        self._stop()
        # The inventory's folder is named after it.
        folders = [Path(source) for source in context.CLIARGS.get("inventory") or []]
        self._stage = next((folder.name for folder in folders if folder.is_dir()), "")
        path = Path(playbook._file_name)
        dry = bool(context.CLIARGS.get("check"))
        self._progress = Progress(
            expected=phases_of(play.get_name() for play in playbook.get_plays()),
            estimates=self._estimates() if path.stem in ("deploy", "rollback") else {},
            started=self._now(),
            title=path.stem.replace("_", " "),
            dry=dry,
        )
        if dry:
            self._display.display("This is a dry run: it says what would change, and changes nothing.")
        # With --step, Ansible asks questions where the drawing would be.
        if not context.CLIARGS.get("step"):
            self._screen = screen_for(
                self._progress, now=self._now, notes=self._notes.read, no_color=constants.ANSIBLE_NOCOLOR
            )
        if self._screen:
            self._notes.begin()
            self._screen.start()
            # An interrupted run does not get to its statistics. Ansible's forks end without this function.
            atexit.register(self._stop, owner=os.getpid())

    @unless_verbose
    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A new phase, or the next batch of one."""
        self._tell(self._progress.begin_phase, play.get_name().strip(), at=self._now())

    @unless_verbose
    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """A task begins on a host."""
        self._tell(self._progress.begin_task, host.get_name(), _task(task), role=role_of(host), at=self._now())

    @unless_verbose
    def v2_runner_on_ok(self, result: Any) -> None:
        """A task has succeeded."""
        self._end(result, status="changed" if result._result.get("changed") else "ok")
        if result._task.action in ("debug", "ansible.builtin.debug"):
            self._tell(self._progress.say, "", self._said(result))

    @unless_verbose
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task has failed."""
        self._end(result, status="failed", ignored=ignore_errors)

    @unless_verbose
    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host does not answer."""
        self._end(result, status="unreachable")

    @unless_verbose
    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task was not for this host."""
        self._end(result, status="skipped")

    @unless_verbose
    def v2_runner_retry(self, result: Any) -> None:
        """A task is tried again."""
        content = result._result
        with self._lock():
            self._progress.retry(result._host.get_name(), attempt=content["attempts"], attempts=content["retries"])

    @unless_verbose
    def v2_on_file_diff(self, result: Any) -> None:
        """A file is, or would be, different."""
        content = result._result
        for part in content["results"] if result._task.loop and "results" in content else [content]:
            difference = self._get_diff(part["diff"]) if part.get("diff") and part.get("changed") else ""
            if difference:
                title = f"{result._host.get_name()}: {_name(result._task)}"
                self._tell(self._progress.say, title, difference.strip("\n").splitlines())

    @unless_verbose
    def v2_runner_item_on_ok(self, result: Any) -> None:
        """One item of a loop; the loop's own result tells of all."""
        self._handle_warnings(result._result)

    @unless_verbose
    def v2_runner_item_on_failed(self, result: Any) -> None:
        """See `v2_runner_item_on_ok`."""
        self._handle_warnings(result._result)

    @unless_verbose
    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """See `v2_runner_item_on_ok`."""

    @unless_verbose
    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task, of which each host will tell."""

    @unless_verbose
    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """See `v2_playbook_on_task_start`."""

    @unless_verbose
    def v2_playbook_on_include(self, included_file: Any) -> None:
        """More tasks, of which each host will tell."""

    @unless_verbose
    def v2_playbook_on_no_hosts_matched(self) -> None:
        """A play for hosts that this run has none of."""

    @unless_verbose
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """Every host has failed."""
        self._tell(self._progress.say, "No host is left to go on with.")

    @unless_verbose
    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Stop to draw, and recapitulate as Ansible does."""
        self._tell(self._progress.finish)
        self._stop()
        super().v2_playbook_on_stats(stats)

    def _end(self, result: Any, *, status: str, ignored: bool = False) -> None:
        task, content = result._task, result._result
        no_log = bool(task.no_log)
        failed = status in ("failed", "unreachable")
        self._handle_warnings(content)
        hidden = is_hidden(content, no_log=no_log)
        ended = Result(
            status=status,
            ignored=ignored or (status == "unreachable" and bool(task.ignore_unreachable)),
            remark="" if hidden or failed else remark_on(task.action, content),
            lines=(message_of(content, no_log=no_log), *outputs_of(content, no_log=no_log)) if failed else (),
            events=tuple(events_of(content)),
        )
        self._tell(self._progress.end_task, result._host.get_name(), _task(task), ended, at=self._now())

    def _said(self, result: Any) -> list[str]:
        """What a debug task wants to be read: text as it is, anything else as Ansible shows it."""
        content = result._result
        if is_hidden(content, no_log=bool(result._task.no_log)):
            return [message_of(content, no_log=True)]
        message = content.get("msg")
        if isinstance(message, str):
            return [message]
        if isinstance(message, list) and all(isinstance(line, str) for line in message):
            return message
        self._clean_results(content, result._task.action)
        return textwrap.dedent(str(self._dump_results(content)).strip("\n")).splitlines()

    def _tell(self, method: Callable[..., Iterable[Note]], *arguments: Any, **keywords: Any) -> None:
        """Tell the model, and print what it returns; not while the model is locked, since printing draws."""
        with self._lock():
            notes = method(*arguments, **keywords)
        width = self._screen.width if self._screen else None
        for note in notes:
            for line in lines_of(note, width=width):
                self._display.display(name_stage(line, self._stage), color=COLORS[note.kind])
        # A pipe shows a line when it is said, not when its buffer is full.
        sys.stdout.flush()

    def _lock(self) -> Any:
        return self._screen.lock if self._screen else nullcontext()

    def _stop(self, owner: int | None = None) -> None:
        if self._screen and owner in (None, os.getpid()):
            self._screen.stop()
            self._notes.end()
            self._screen = None

    def _estimates(self) -> dict[str, float]:
        """By the reports of the stage."""
        reports = Path(self.get_option("report_directory"))
        return estimates_from(past_reports(reports / self._stage) if self._stage else [])


def _task(task: Any) -> Task:
    return Task(id=task._uuid, name=_name(task), word=word_for(task.action, task.args))


def _name(task: Any) -> str:
    """The task's name after its role's, which needs no collection where all are of one."""
    return str(task.get_name()).strip().removeprefix("carpentries.amy.")
