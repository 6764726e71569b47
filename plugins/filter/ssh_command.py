# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.ssh_command."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ssh_command
short_description: How an operator reaches a host as Ansible reaches it
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Opens a shell on the host, or runs C(manage.py) of its release as the application's user, with its environment.
options:
  _input:
    description: The host's variables.
    type: dict
    required: true
  manage:
    description: The words after C(manage.py); none opens a shell.
    type: str
    default: ""
  site_root:
    description: The site's folder, for O(manage).
    type: str
    default: ""
  user:
    description: The application's user, for O(manage).
    type: str
    default: ""
  terminal:
    description: Whether the operator has a terminal, which the host is then asked for, too.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Say how to reach a host
  ansible.builtin.debug:
    msg: "{{ hostvars.web1 | carpentries.amy.ssh_command | map('quote') | join(' ') }}"
"""

RETURN = r"""
_value:
  description: The words of the command.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils import ssh_command as commands


def ssh_command(
    variables: Mapping[str, Any], *, manage: str = "", site_root: str = "", user: str = "", terminal: bool = True
) -> list[str]:
    """Return the words; raise AnsibleFilterError if `manage` is no words of a shell."""
    try:
        remote = commands.manage_command(manage, site_root=site_root, user=user) if manage.strip() else ""
    except ValueError as error:
        raise AnsibleFilterError(f"ARGS is not what a shell can read ({error}): {manage}") from error
    words: list[str] = commands.ssh_command(variables, remote=remote, terminal=terminal)
    return words


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"ssh_command": ssh_command}
