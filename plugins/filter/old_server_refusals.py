# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.old_server_refusals."""

from __future__ import annotations

DOCUMENTATION = r"""
name: old_server_refusals
short_description: Say why a server that was built by hand cannot become a fleet
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Judges what was found on a server, and names each thing that stands in the way, with what to do about it.
options:
  _input:
    description: What was found, RV(carpentries.amy.old_server_info#module:old_server).
    type: dict
    required: true
  redis_version:
    description: The version of Redis on the new host.
    type: str
    required: true
  settings:
    description: The names of the settings that the stage gives its application.
    type: list
    elements: str
    required: true
  left_behind:
    description: The names of settings that the fleet is meant to live without.
    type: list
    elements: str
    default: []
  cron_left_behind:
    description: Parts of commands of cron that the fleet is meant to live without.
    type: list
    elements: str
    default: []
  database_host:
    description: The host name of the fleet's database; empty if one would be made.
    type: str
    required: true
  certificate_days:
    description: How many days the server's certificate must still be valid.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Require that nothing stands in the way
  ansible.builtin.assert:
    that: >-
      found.old_server | carpentries.amy.old_server_refusals(redis_version='7.0.15', settings=['AMY_SECRET_KEY'],
      database_host='amy.abc.us-east-1.rds.amazonaws.com') == []
"""

RETURN = r"""
_value:
  description: A line for each thing that stands in the way.
  type: list
  elements: str
  sample: ["supervisord must run one scheduler program, and runs 0."]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.carpentries.amy.plugins.module_utils.old_server.refusals import refusals


def old_server_refusals(
    found: dict[str, Any],
    *,
    redis_version: str,
    settings: list[str],
    database_host: str,
    left_behind: list[str] | None = None,
    cron_left_behind: list[str] | None = None,
    certificate_days: int = 30,
) -> list[str]:
    """See the documentation above."""
    lines: list[str] = refusals(
        found,
        redis_version=redis_version,
        settings=settings,
        left_behind=left_behind or [],
        cron_left_behind=cron_left_behind or [],
        database_host=database_host,
        certificate_days=certificate_days,
    )
    return lines


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"old_server_refusals": old_server_refusals}
