# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.typed_command."""

from __future__ import annotations

DOCUMENTATION = r"""
name: typed_command
short_description: A command as an operator can paste it
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Adds what a command of make was given, quoted for a shell, and leaves out what is empty or in the command already.
positional: _input, stage
options:
  _input:
    description: The command, C(make deploy) for example.
    type: str
    required: true
  stage:
    description: Name of the stage.
    type: str
    required: true
  version:
    description: Version of a deploy. Every other command finds its release by itself.
    type: str
    default: ""
  typed:
    description: The variables of make that the operator gave, by name.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Say how to go on
  ansible.builtin.debug:
    msg: "{{ 'make deploy' | carpentries.amy.typed_command('test', version='v2', typed={'ARGS': '-e @vars.yml'}) }}"
  # make deploy STAGE=test VERSION=v2 ARGS='-e @vars.yml'
"""

RETURN = r"""
_value:
  description: The whole command.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils import typed_command as commands


def typed_command(command: str, stage: str, *, version: str = "", typed: dict[str, str] | None = None) -> str:
    """Return the command with its arguments; see the function in module_utils."""
    whole: str = commands.typed_command(command, stage=stage, version=version, typed=typed)
    return whole


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"typed_arguments": commands.typed_arguments, "typed_command": typed_command}
