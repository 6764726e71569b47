# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What callbacks read from a task's result, and what they must not show of it.

Private to this collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..module_utils.host_kinds import NAMES

CENSORED = "the output is hidden because the task has no_log"
# Modules know nothing of stages. In their messages, this is the stage of a command.
_SOME_STAGE = "STAGE=<stage>"
# Where modules put what a program has printed.
_OUTPUTS = ("stderr", "module_stderr", "stdout", "module_stdout", "output", "log")


def role_of(host: Any) -> str:
    """The role of an inventory's host in the fleet; empty if it has none."""
    groups = {group.get_name() for group in host.get_groups()}
    return next((role for role in NAMES if role in groups), "")


def is_hidden(content: Mapping[str, Any], *, no_log: bool) -> bool:
    """Whether nothing of a result may be shown."""
    return no_log or "censored" in content or bool(content.get("_ansible_no_log"))


def events_of(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a result, or the items of its loop, carry as `deploy_event`: one event or several."""
    found: list[dict[str, Any]] = []
    for result in (content, *_items(content)):
        event = result.get("deploy_event")
        events = event if isinstance(event, list) else [event]
        found += [dict(event) for event in events if isinstance(event, dict)]
    return found


def message_of(content: Mapping[str, Any], *, no_log: bool) -> str:
    """Why a task failed: the messages of the items that did, then its own."""
    if is_hidden(content, no_log=no_log):
        return CENSORED
    message = str(content.get("msg") or "")
    items = [CENSORED if is_hidden(item, no_log=False) else str(item.get("msg")) for item in _failed(content)]
    return "\n".join([*items, message] if items else [message])


def name_stage(value: Any, stage: str) -> Any:
    """Return a text, or the texts in lists and dictionaries, with each command for the `stage`, if it is known."""
    if isinstance(value, str):
        return value.replace(_SOME_STAGE, f"STAGE={stage}") if stage else value
    if isinstance(value, list):
        return [name_stage(part, stage) for part in value]
    return {key: name_stage(part, stage) for key, part in value.items()} if isinstance(value, dict) else value


def outputs_of(content: Mapping[str, Any], *, no_log: bool) -> list[str]:
    """What the programs of a failed task have printed, in lines."""
    if is_hidden(content, no_log=no_log):
        return []
    return [
        line
        for result in (content, *_failed(content))
        if not is_hidden(result, no_log=False)
        for key in _OUTPUTS
        for line in _lines(result.get(key))
    ]


def _items(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (item for item in content.get("results") or [] if isinstance(item, dict))


def _failed(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in _items(content) if item.get("failed")]


def _lines(output: Any) -> list[str]:
    if isinstance(output, list):
        return [str(line) for line in output]
    return output.splitlines() if isinstance(output, str) else []
