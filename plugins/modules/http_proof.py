#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: http_proof
short_description: Prove by HTTP that a site serves what it should
version_added: 0.1.0
description:
  - Asks until every check passes several times in a row, or fails with what was answered instead.
  - Redirects are answers; they are not followed.
options:
  target:
    description: The server, as C(http://address:port), C(https://address:port) or the path of a Unix socket.
    type: str
    required: true
  release:
    description: What C({release}) stands for, such as V(v4.2.4); C({version}) is V(4.2.4) then.
    type: str
    default: ""
  version:
    description: What C({version}) stands for where O(release) is a branch or a commit, which does not say it.
    type: str
    default: ""
  consecutive:
    description: How often in a row all checks must pass.
    type: int
    default: 3
  timeout:
    description: Seconds to try for.
    type: float
    default: 30
  busy_timeout:
    description:
      - Seconds more to try for as long as the only fault is that no answer comes in time.
      - A site may be busy with its visitors, which says nothing of the release.
    type: float
    default: 0
  interval:
    description: Seconds between two rounds.
    type: float
    default: 0.5
  request_timeout:
    description: Seconds to wait for one answer.
    type: float
    default: 10
  validate_certs:
    description: Whether the certificate must be valid.
    type: bool
    default: true
  log_file:
    description: A log on this host whose end is part of the message if a check fails.
    type: path
  look_at:
    description: The command that tells more; part of the message if a check fails.
    type: str
    default: ""
attributes:
  check_mode:
    description: Asks as it does otherwise.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
extends_documentation_fragment: [carpentries.amy.health_checks, carpentries.amy.public]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Prove that this host serves the release
  carpentries.amy.http_proof:
    target: http://127.0.0.1:80
    release: v4.2.4
    checks:
      - {path: /version/, host: amy.example.org, text: "{version}"}
      - {path: /account/login/, host: amy.example.org, status: 200, scheme: https}
    log_file: /webapps/amy.example.org/logs/gunicorn_supervisor.log
"""

RETURN = r"""
checks:
  description: Each check with its last answer.
  returned: success
  type: list
  elements: dict
  sample: [{check: GET /version/ as amy.example.org, status: 200}]
unresolved:
  description: Whether no answer came because no resolver here knows the server's name. That says nothing of the site.
  returned: failure
  type: bool
seconds:
  description: How long the proof took.
  returned: success
  type: float
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._clock import SystemClock
from ..module_utils._tail import tail
from ..module_utils.http_proof import CHECK_OPTIONS, Patience, ProofError, TargetClient, check_from, prove

LOG_LINES = 15


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "target": {"type": "str", "required": True},
            "checks": {"type": "list", "elements": "dict", "required": True, "options": CHECK_OPTIONS},
            "release": {"type": "str", "default": ""},
            "version": {"type": "str", "default": ""},
            "consecutive": {"type": "int", "default": 3},
            "timeout": {"type": "float", "default": 30},
            "busy_timeout": {"type": "float", "default": 0},
            "interval": {"type": "float", "default": 0.5},
            "request_timeout": {"type": "float", "default": 10},
            "validate_certs": {"type": "bool", "default": True},
            "log_file": {"type": "path"},
            "look_at": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    clock = SystemClock()
    started = clock.monotonic()
    try:
        answers = prove(
            checks=[
                check_from(item, release=parameters["release"], version=parameters["version"])
                for item in parameters["checks"]
            ],
            client=TargetClient(
                target=parameters["target"],
                timeout=parameters["request_timeout"],
                validate_certs=parameters["validate_certs"],
            ),
            patience=Patience(
                timeout=parameters["timeout"],
                interval=parameters["interval"],
                consecutive=parameters["consecutive"],
                busy=parameters["busy_timeout"],
            ),
            clock=clock,
        )
    except ProofError as error:
        module.fail_json(msg=f"{error}{advice(parameters)}", unresolved=error.unresolved)
    module.exit_json(
        changed=False,
        checks=[{"check": str(check), "status": answer.status} for check, answer in answers],
        seconds=round(clock.monotonic() - started, 1),
    )


def advice(parameters: dict[str, Any]) -> str:
    """Where to look after a failure, with the end of the log if there is one."""
    log = parameters["log_file"]
    lines = f"\nThe last lines of {log}:\n{tail(log, lines=LOG_LINES)}" if log else ""
    look_at = parameters["look_at"] or (f"tail -n 100 {log}" if log else "")
    return f"{lines}\nLook at: {look_at}" if look_at else lines


if __name__ == "__main__":
    main()
