# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action behind M(carpentries.amy.alb_target): on a terminal, the module reports how its wait goes."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._live_notes import wanted_note


class ActionModule(ActionBase):  # type: ignore[misc]
    """Runs the module, which is told where to write if it runs on the controller."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module does."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        note = wanted_note((task_vars or {}).get("inventory_hostname", ""))
        if note is None or self._connection.transport != "local":
            return {**result, **self._execute_module(task_vars=task_vars)}
        try:
            answer = self._execute_module(
                module_args={"progress_file": str(note), **self._task.args}, task_vars=task_vars
            )
        finally:
            note.unlink(missing_ok=True)
        return {**result, **answer}
