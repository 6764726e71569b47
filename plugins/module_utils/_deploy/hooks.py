# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The points of a deploy at which a stage may add steps of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# In their order. A step that fails at one of these makes the deploy fail, as a step of its own would.
POINTS = ("before_back_up", "before_migrate", "after_migrate", "before_roll_web_hosts", "after_roll_web_hosts")
# How the deploy has ended is settled by then: a step that fails is a warning.
ENDS = ("after_success", "after_failure")
# What a step runs: a command of the application on the host that migrates, or a file of tasks on the controller.
KINDS = ("command", "tasks")


def hooks_complaint(hooks: Any) -> str:
    """Return why a stage cannot have these steps: `hooks` are lists of them by point; empty if it can."""
    if not isinstance(hooks, Mapping):
        return "deploy_hooks is no dictionary of points."
    for point, steps in hooks.items():
        if point not in (*POINTS, *ENDS):
            return f"deploy_hooks has no point {point}. The points are {', '.join((*POINTS, *ENDS))}."
        if not isinstance(steps, (list, tuple)):
            return f"deploy_hooks.{point} is no list of steps."
        for step in steps:
            if not isinstance(step, Mapping) or len(step) != 1 or not _runs(step):
                return f"deploy_hooks.{point} has a step that is neither one command nor one file of tasks: {step}."
    return ""


def _runs(step: Mapping[str, Any]) -> bool:
    return any(isinstance(step.get(kind), str) and step[kind].strip() for kind in KINDS)
