#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: supervised_program
short_description: Make a program that supervisord runs be the configured one
version_added: 0.1.0
description:
  - Compares what supervisord runs with its configuration files, and restarts the program exactly when they differ.
  - A program that is down is started. Then the module waits until the program is up, and shows its log if it is not.
  - The comparison is with the running configuration, not with the last run of a playbook, so a run that was cut off
    between writing a file and restarting the program is completed by the next one.
options:
  name:
    description: The program's name, or its group's if it has one.
    type: str
    required: true
  state:
    description:
      - V(absent) stops the program, waits until it has ended, and makes supervisord forget it.
      - Its file is left alone, and should be removed then.
    type: str
    choices: [started, absent]
    default: started
  http_socket:
    description: A Unix socket of the program. If given, the program is up when it answers an HTTP request there.
    type: path
  http_host:
    description: The name by which O(http_socket) is asked; an application may report any other than its own.
    type: str
    default: localhost
  http_path:
    description: What to request on O(http_socket); any answer will do.
    type: str
    default: /
  start_timeout:
    description: Seconds to wait until the program is up.
    type: float
    default: 60
  log_file:
    description:
      - The program's log, whose last lines are shown when it does not come up.
      - Without it, that which supervisord writes for the process that is not up.
    type: path
  supervisor_socket:
    description: The Unix socket of supervisord's API.
    type: path
    default: /run/supervisor.sock
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: The steps are in the result.
    support: none
extends_documentation_fragment: [carpentries.amy.public]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Run the configured gunicorn
  carpentries.amy.supervised_program:
    name: gunicorn
    http_socket: /run/gunicorn/gunicorn.sock
    http_host: amy.example.org
    log_file: /webapps/amy.example.org/logs/gunicorn_supervisor.log

- name: Stop the workers, each after its job
  carpentries.amy.supervised_program:
    name: rqworker
    state: absent
"""

RETURN = r"""
steps:
  description: The calls of supervisord's API that were made, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [stopProcessGroup gunicorn, removeProcessGroup gunicorn, addProcessGroup gunicorn]
log:
  description: The last lines of the program's log.
  returned: when the program does not come up
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils._supervisor import (
    ProgramDownError,
    Step,
    Supervisor,
    SupervisorError,
    answers_http,
    await_up,
    plan,
    removal,
)
from ..module_utils._tail import tail

LOG_LINES = 60


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["started", "absent"], "default": "started"},
            "http_socket": {"type": "path"},
            "http_host": {"type": "str", "default": "localhost"},
            "http_path": {"type": "str", "default": "/"},
            "start_timeout": {"type": "float", "default": 60},
            "log_file": {"type": "path"},
            "supervisor_socket": {"type": "path", "default": "/run/supervisor.sock"},
        },
        supports_check_mode=True,
    )
    name = module.params["name"]
    try:
        steps = converge(module)
    except SupervisorError as error:
        if module.check_mode:  # neither supervisord nor the file need be there before the first run
            wanted = module.params["state"] == "started"
            module.exit_json(changed=wanted, steps=[f"addProcessGroup {name}"] if wanted else [])
        module.fail_json(
            msg=f"{name} cannot be managed: {error}. "
            "See on the host: systemctl status supervisor; supervisorctl reread - then run the same command again."
        )
    except ProgramDownError as error:
        log_file = module.params["log_file"] or error.log
        log = tail(log_file, lines=LOG_LINES)
        module.fail_json(
            msg=f"{name} does not come up: {error}. The end of {log_file}:\n{log}\n"
            f"Correct the cause and run the same command again; on the host, see: supervisorctl status {name}",
            log=log.splitlines(),
        )
    module.exit_json(changed=bool(steps), steps=[f"{step.call} {step.argument}" for step in steps])


def converge(module: AnsibleModule) -> list[Step]:
    """Do what is to be done and wait for the effect. Raises SupervisorError, ProgramDownError."""
    name, path = module.params["name"], module.params["http_socket"]
    supervisor = Supervisor(module.params["supervisor_socket"])
    wanted = module.params["state"] == "started"
    steps = (plan if wanted else removal)(supervisor.program(name))
    if module.check_mode:
        return steps
    for step in steps:
        supervisor.perform(step)
    if not wanted:
        return steps
    await_up(
        processes=lambda: supervisor.processes(name),
        answers=lambda seconds: (
            path is None
            or answers_http(path, host=module.params["http_host"], url_path=module.params["http_path"], seconds=seconds)
        ),
        clock=SystemClock(),
        timeout=module.params["start_timeout"],
    )
    return steps


if __name__ == "__main__":
    main()
