# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stage's own programs and timers, for the playbooks and the role that runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils import stage_programs as own


def programs_complaint(
    programs: Any, timers: Any, groups: Mapping[str, Sequence[str]], duties: Mapping[str, Any]
) -> str:
    """Return why the stage cannot have these programs and timers, as a sentence; empty if it can."""
    said: str = own.complaint(programs=programs, timers=timers, places=_places(groups, duties))
    return said


def stage_programs(
    programs: Any, timers: Any, groups: Mapping[str, Sequence[str]], duties: Mapping[str, Any], host: str
) -> dict[str, Any]:
    """Return what `host` runs of them. Raises AnsibleFilterError."""
    if said := programs_complaint(programs, timers, groups, duties):
        raise AnsibleFilterError(said)
    found: dict[str, Any] = own.programs_of(host, programs=programs, timers=timers, places=_places(groups, duties))
    return found


def _places(groups: Mapping[str, Sequence[str]], duties: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = own.places(groups=groups, utility=duties["utility"], releases=duties["releases"])
    return found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "process_pattern": own.process_pattern,
            "programs_complaint": programs_complaint,
            "stage_programs": stage_programs,
            "supervisor_command": own.supervisor_command,
            "systemd_command": own.systemd_command,
        }
