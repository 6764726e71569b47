# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action behind M(carpentries.amy.nginx_drain): on a terminal, the module waits in short calls."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._clock import SystemClock
from ..module_utils._live_note import tell
from ..plugin_utils._drain_spells import watch_in_spells
from ..plugin_utils._live_notes import wanted_note


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs the module, and tells between its spells how many requests are in flight."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module does."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        note = wanted_note((task_vars or {}).get("inventory_hostname", ""))
        if note is None or self._task.check_mode:
            return {**result, **self._execute_module(task_vars=task_vars)}
        try:
            answer = watch_in_spells(
                lambda options: self._execute_module(module_args={**self._task.args, **options}, task_vars=task_vars),
                tell=partial(tell, note),
                clock=SystemClock(),
            )
        finally:
            note.unlink(missing_ok=True)
        return {**result, **answer}
