#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_agent
short_description: Make the CloudWatch agent work with a configuration
version_added: 0.1.0
description:
  - Checks the configuration by the agent's rules and by what its schema cannot see, before anything is touched.
  - Writes it and has the agent load it, exactly when it is another one or the running agent is older than the file.
    So a run that was cut off between writing and loading is completed by the next one.
  - A configuration that is refused, here or by the agent, leaves the file and the running agent as they were.
options:
  configuration:
    description: The agent's configuration, as its JSON has it.
    type: dict
    required: true
  optional_files:
    description: Log files that need not be on this host yet.
    type: list
    elements: path
    default: []
  path:
    description: The file that the agent is told to load; not C(amazon-cloudwatch-agent.json), which the agent removes.
    type: path
    default: /opt/aws/amazon-cloudwatch-agent/etc/stage.json
  timeout:
    description: Seconds to wait until the agent runs.
    type: float
    default: 15
attributes:
  check_mode:
    description: Checks the configuration, and says whether the agent would get another one.
    support: full
  diff_mode:
    description: Shows the file's difference.
    support: full
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Make the agent work with its configuration
  carpentries.amy.cloudwatch_agent:
    configuration: "{{ sources | carpentries.amy.cloudwatch_agent_configuration(**facts) }}"
    optional_files: [/webapps/amy.carpentries.org/logs/gunicorn_supervisor.log]
"""

RETURN = r"""
problems:
  description: What is wrong with the configuration.
  returned: failure, if it was refused
  type: list
  elements: str
"""

import json
from datetime import datetime, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils.cloudwatch.agent import Agent, AgentError, settle
from ..module_utils.cloudwatch.check import missing_files, problems


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "configuration": {"type": "dict", "required": True},
            "optional_files": {"type": "list", "elements": "path", "default": []},
            "path": {"type": "path", "default": "/opt/aws/amazon-cloudwatch-agent/etc/stage.json"},
            "timeout": {"type": "float", "default": 15},
        },
        supports_check_mode=True,
    )
    refuse_problems(module)
    path = Path(module.params["path"])
    text = json.dumps(module.params["configuration"], indent=2, sort_keys=True) + "\n"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    agent = Agent(run=module.run_command, clock=SystemClock())
    try:
        changed = before != text or not agent.status().knows(changed_at(path))
        if changed and not module.check_mode:
            settle(agent, path, text, timeout=module.params["timeout"])
    except (AgentError, OSError) as error:
        module.fail_json(
            msg=f"The CloudWatch agent does not work with its new configuration: {error}. The old one is in place. "
            "See on the host: journalctl -u amazon-cloudwatch-agent; tail /opt/aws/amazon-cloudwatch-agent/logs/*.log"
        )
    module.exit_json(changed=changed, diff={"before": before, "after": text, "before_header": str(path)})


def refuse_problems(module: AnsibleModule) -> None:
    """Fail if the configuration has any; in check mode of a new host its files are not there yet."""
    configuration = module.params["configuration"]
    found = problems(configuration)
    if not found and not module.check_mode:
        found = missing_files(configuration, module.params["optional_files"])
    if found:
        module.fail_json(
            msg="The CloudWatch agent's configuration is refused; file and agent are as they were. Correct the "
            "variable that it comes from, and run the same command again:\n" + "\n".join(found),
            problems=found,
        )


def changed_at(path: Path) -> datetime:
    """When the file was written."""
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)


if __name__ == "__main__":
    main()
