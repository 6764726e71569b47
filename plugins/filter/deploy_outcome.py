# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_outcome."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_outcome
short_description: Say how a deploy has ended, and what to do next
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Tells a deploy that has succeeded from one after which the fleet runs its previous release again, and from one that
    leaves something to be done by hand, and names the command for that.
options:
  _input:
    description: Why hosts refused the release.
    type: list
    elements: str
    required: true
  absences:
    description: Why web hosts do not serve at the end.
    type: list
    elements: str
    required: true
  stranded:
    description: Hosts that could not be given the previous release back.
    type: list
    elements: str
    required: true
  can_return:
    description: Whether the previous release can live with what the database has become.
    type: bool
    required: true
  serving:
    description: The web hosts that serve the new release.
    type: list
    elements: str
    required: true
  tried:
    description: Whether every host that had to change has been given the new release, if only to refuse it.
    type: bool
    required: true
  jobs_wait:
    description: Whether the queues stay held, because workers cannot live with what the database has become.
    type: bool
    required: true
  previous:
    description: Id of the previous release; null at the first deploy.
    type: str
    required: true
  previous_version:
    description: The version that it was deployed as.
    type: str
    required: true
  stage:
    description: Name of the stage.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Record the outcome
  ansible.builtin.set_fact:
    outcome: >-
      {{ failures | carpentries.amy.deploy_outcome(
           absences=[], stranded=[], can_return=true, serving=[], tried=true,
           jobs_wait=false, previous='v1-0a1b2c3d4e5f-01234567', previous_version='v1', stage='test') }}
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    result: {description: How it has ended., type: str, choices: [succeeded, rolled_back, failed]}
    next_step: {description: What to do next; empty if there is nothing to be done., type: str}
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils import deploy_outcome as outcomes


def deploy_outcome(
    failures: list[str],
    *,
    absences: list[str],
    stranded: list[str],
    can_return: bool,
    serving: list[str],
    tried: bool,
    jobs_wait: bool,
    previous: str | None,
    previous_version: str,
    stage: str,
) -> dict[str, str]:
    """Return the outcome as a dictionary; the arguments are those of the function in module_utils."""
    outcome = outcomes.deploy_outcome(
        failures,
        absences=absences,
        stranded=stranded,
        can_return=can_return,
        serving=serving,
        tried=tried,
        jobs_wait=jobs_wait,
        previous=previous,
        previous_version=previous_version,
        stage=stage,
    )
    return asdict(outcome)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_outcome": deploy_outcome}
