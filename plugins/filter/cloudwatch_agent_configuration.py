# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.cloudwatch_agent_configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cloudwatch_agent_configuration
short_description: Compose the CloudWatch agent's configuration from what roles publish
version_added: 0.1.0
description:
  - Refuses what the agent would misread or would not notice.
author:
  - The carpentries.amy contributors (@carpentries)
options:
  _input:
    description: The host's logs.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: The second part of the stream's name., type: str, required: true}
      path: {description: The file., type: path, required: true}
      start_pattern: {description: A line that does not match belongs to the event before., type: str}
      timestamp_format: {description: How the file writes the time of an event., type: str}
      optional: {description: Whether the file need not be there yet., type: bool, default: false}
  host:
    description: The first part of the names of streams.
    type: str
    required: true
  group:
    description: The log group.
    type: str
    required: true
  retention_days:
    description: Days that CloudWatch Logs keeps events.
    type: int
    required: true
  processes:
    description: The measured processes, each with C(name) and C(pattern), a regular expression of its command line.
    type: list
    elements: dict
    required: true
  namespace:
    description: The namespace of the metrics.
    type: str
    required: true
  interval:
    description: Seconds between two measurements.
    type: int
    required: true
  region:
    description: The region, if it is not that of the instance.
    type: str
    default: ""
  endpoint_url:
    description: The AWS API as the host sees it; empty for AWS itself.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show the configuration
  ansible.builtin.debug:
    msg: >-
      {{ [{'name': 'syslog', 'path': '/var/log/syslog'}] | carpentries.amy.cloudwatch_agent_configuration(
           host='web1', group='/amy/test', retention_days=30, processes=[], namespace='amy/test', interval=60) }}
"""

RETURN = r"""
_value:
  description: The configuration, as M(carpentries.amy.cloudwatch_agent) takes it. What is wrong raises an error.
  type: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils.cloudwatch.check import problems
from ansible_collections.carpentries.amy.plugins.module_utils.cloudwatch.compose import compose


def cloudwatch_agent_configuration(
    sources: list[dict[str, Any]],
    *,
    host: str,
    group: str,
    retention_days: int,
    processes: list[dict[str, str]],
    namespace: str,
    interval: int,
    region: str = "",
    endpoint_url: str = "",
) -> dict[str, Any]:
    """Return the configuration; the arguments are those of the function in module_utils. Raises AnsibleFilterError."""
    configuration: dict[str, Any] = compose(
        sources=sources,
        host=host,
        group=group,
        retention_days=retention_days,
        processes=processes,
        namespace=namespace,
        interval=interval,
        region=region,
        endpoint_url=endpoint_url,
    )
    found = problems(configuration)
    if found:
        raise AnsibleFilterError(
            "The CloudWatch agent would refuse its configuration; nothing has been touched. Correct the variable that "
            "it comes from, and run the same command again:\n" + "\n".join(found)
        )
    return configuration


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"cloudwatch_agent_configuration": cloudwatch_agent_configuration}
