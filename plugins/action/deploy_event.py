# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action behind M(carpentries.amy.deploy_event): runs on the controller, touches no host."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils._report_events import EVENT_TYPES, EventError, check_event


class ActionModule(ActionBase):  # type: ignore[misc]
    """Checks an event and returns it, for the report's callback to find."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return `{changed: false, deploy_event: ...}`. Raises AnsibleActionFail for an unusable event."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(
            argument_spec={
                "type": {"type": "str", "required": True, "choices": list(EVENT_TYPES)},
                "data": {"type": "dict", "default": {}},
                "host": {"type": "str"},
            }
        )
        event = {**options["data"], "type": options["type"]}
        if options["host"]:
            event["host"] = options["host"]
        try:
            check_event(event)
        except EventError as error:
            raise AnsibleActionFail(str(error)) from error
        return {**result, "changed": False, "deploy_event": event}
