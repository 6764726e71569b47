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
  - Tells a deploy that has succeeded from one that was refused before anything was rolled out, from one after which the
    fleet runs its previous release again, and from one that leaves something to be done by hand. Names the command.
options:
  _input:
    description: Why hosts refused the release.
    type: list
    elements: str
    required: true
  touched:
    description:
      - Whether a host was given the release, or may have been, the database was to be migrated, or the site was closed.
    type: bool
    required: true
  absences:
    description: Why web hosts do not serve at the end.
    type: list
    elements: str
    required: true
  present:
    description: The web hosts that serve at the end.
    type: list
    elements: str
    required: true
  stranded:
    description: Hosts that could not be given the previous release back.
    type: list
    elements: str
    required: true
  withdrawn:
    description: Hosts that never had the previous release, and that run none again.
    type: list
    elements: str
    required: true
  keeping:
    description: Hosts that had the new release before this deploy, and keep it.
    type: list
    elements: str
    required: true
  backup:
    description:
      - Name of the backup that was made before the first migration that the previous release does not know; empty if
        another deploy has made it.
    type: str
    required: true
  backups:
    description: The folder of backups.
    type: str
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
  programs_wait:
    description: Whether the stage's own programs and timers stay stopped.
    type: bool
    default: false
  lacks:
    description: Migrations that the database lacked of the release, though that ran already, until they are applied.
    type: list
    elements: str
    required: true
  release:
    description: Id of the new release.
    type: str
    required: true
  version:
    description: The version that it is of.
    type: str
    required: true
  previous:
    description: Id of the previous release; null at the first deploy.
    type: str
    required: true
  previous_version:
    description: The version that it was deployed as.
    type: str
    required: true
  command:
    description: What was run, as V(make deploy) or V(make rollback).
    type: str
    required: true
  stage:
    description: Name of the stage.
    type: str
    required: true
  typed:
    description: What the command was given besides; see P(carpentries.amy.typed_command#filter).
    type: dict
    default: {}
  url:
    description: The site's address.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Record the outcome
  ansible.builtin.set_fact:
    outcome: >-
      {{ failures | carpentries.amy.deploy_outcome(
           touched=true, absences=[], present=['web1'], stranded=[], withdrawn=[], keeping=[],
           backup='amy-20260331T120000000000Z-deploy.dump', backups='/webapps/amy.example.org/DB_backups',
           can_return=true, serving=[], tried=true, jobs_wait=false, lacks=[],
           release='v2-0a1b2c3d4e5f-01234567', version='v2', previous='v1-ba9876543210-01234567',
           previous_version='v1', command='make deploy', stage='test', url='https://amy.example.org') }}
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    result: {description: How it has ended., type: str, choices: [succeeded, refused, rolled_back, failed]}
    headline: {description: What visitors get; empty if it has succeeded., type: str}
    verdict:
      description: What hosts that have tried the release remember of it; empty if nothing.
      type: str
      choices: [accepted, refused, ""]
    next_step: {description: What to do next; empty if there is nothing to be done., type: str}
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils import deploy_outcome as outcomes


def deploy_outcome(failures: list[str], **facts: Any) -> dict[str, str]:
    """Return the outcome as a dictionary; the arguments are those of the function in module_utils."""
    return asdict(outcomes.deploy_outcome(failures, **facts))  # pylint: disable=missing-kwoa


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_outcome": deploy_outcome}
