#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_reload
short_description: Make nginx work with the configuration that is on the disk
version_added: 0.1.0
description:
  - Reloads nginx exactly when one of its workers is older than O(files), after C(nginx -t) has approved them.
  - Waits until all workers that take connections are new, because nginx keeps its old configuration, and says so only
    in its log, when a reload does not work.
  - The comparison is with the running workers, not with the last run of a playbook, so a run that was cut off between
    writing a file and reloading is completed by the next one.
options:
  files:
    description: The files nginx reads when it starts, such as its configuration and certificates.
    type: list
    elements: path
    required: true
  pid_file:
    description: Where nginx's master process writes its id.
    type: path
    default: /run/nginx.pid
  timeout:
    description: Seconds to wait for the new workers.
    type: float
    default: 15
attributes:
  check_mode:
    description: Says whether nginx would be reloaded.
    support: full
  diff_mode:
    description: The files' own tasks show their differences.
    support: none
extends_documentation_fragment: [carpentries.amy.public]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Make nginx work with its configuration
  carpentries.amy.nginx_reload:
    files: [/etc/nginx/nginx.conf]
"""

RETURN = r"""
workers:
  description: The process ids of the workers that take connections now.
  returned: success, unless nginx is absent in check mode
  type: list
  elements: int
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils._nginx_generation import (
    NginxNotRunningError,
    Worker,
    configuration_age,
    is_current,
    workers_of,
)

INTERVAL = 0.1  # seconds


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "path", "required": True},
            "pid_file": {"type": "path", "default": "/run/nginx.pid"},
            "timeout": {"type": "float", "default": 15},
        },
        supports_check_mode=True,
    )
    try:
        current, workers = look(module)
    except (NginxNotRunningError, OSError) as error:
        if module.check_mode:  # neither nginx nor its files need be there before the first run
            module.exit_json(changed=True)
        module.fail_json(msg=f"nginx cannot be reloaded: {error}. See on the host: systemctl status nginx")
    if current or module.check_mode:
        module.exit_json(changed=not current, workers=[worker.pid for worker in workers])
    approve(module)
    module.run_command(["systemctl", "reload", "nginx"], check_rc=True)
    try:
        workers = await_new_workers(module)
    except (NginxNotRunningError, OSError) as error:
        module.fail_json(
            msg=f"nginx has been told to reload, and is gone since: {error}. See on the host: systemctl status nginx; "
            "journalctl -u nginx - then run the same command again."
        )
    module.exit_json(changed=True, workers=[worker.pid for worker in workers])


def look(module: AnsibleModule) -> tuple[bool, list[Worker]]:
    """Whether nginx works with its files as they are, and its workers. Raises NginxNotRunningError, OSError."""
    age = configuration_age(module.params["files"], now=time.time())
    workers = workers_of(module.params["pid_file"])
    return is_current(workers, configuration_age=age), workers


def approve(module: AnsibleModule) -> None:
    """Fail unless nginx accepts its files."""
    code, _output, complaint = module.run_command(["nginx", "-t", "-q"])
    if code != 0:
        module.fail_json(
            msg=f"nginx refuses its configuration and goes on with the one it has:\n{complaint}"
            "Correct the variable or certificate that the message points to, and run the same command again."
        )


def await_new_workers(module: AnsibleModule) -> list[Worker]:
    """The workers, when all are new; fails after the timeout. Raises NginxNotRunningError, OSError."""
    clock = SystemClock()
    deadline = clock.monotonic() + module.params["timeout"]
    while True:
        current, workers = look(module)
        if current:
            return workers
        if clock.monotonic() >= deadline:
            module.fail_json(
                msg=f"nginx has been told to reload, but after {module.params['timeout']:g} s its old workers still "
                "take connections. See why on the host: journalctl -u nginx; tail the error log - and run again."
            )
        clock.sleep(INTERVAL)


if __name__ == "__main__":
    main()
