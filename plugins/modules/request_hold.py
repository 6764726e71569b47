#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: request_hold
short_description: Let a web host's requests wait while no application runs, and answer them afterwards
version_added: 0.1.0
description:
  - New requests wait in the backlog of a socket instead of failing; those in flight end.
  - When the hold ends, those that have waited are answered by the application that runs by then.
  - If the hold lasts longer than its limit, the host shows the maintenance page by itself.
  - Needs what the role C(carpentries.amy.request_hold) has prepared.
author:
  - The carpentries.amy contributors (@carpentries)
options:
  state:
    description:
      - Whether requests wait. With V(closed), those of a hold that cannot be answered wait no longer; they get nginx's
        answer, which is the maintenance page if that is on, and so do all others until the hold is V(released).
    type: str
    choices: [held, released, closed]
    required: true
  directory:
    description: The folder of the link that nginx connects to.
    type: path
    default: /run/request-hold
  application:
    description: The application's socket.
    type: path
    default: /run/gunicorn/gunicorn.sock
  site_root:
    description: The folder of the maintenance page.
    type: path
    required: true
  limit:
    description: Seconds after which the maintenance page takes over.
    type: float
    default: 45
  patience:
    description: Seconds to wait for requests in flight, or for those that have waited.
    type: float
    default: 30
attributes:
  check_mode:
    description: Tells whether requests would begin or cease to wait.
    support: full
"""

EXAMPLES = r"""
- name: Let requests wait
  carpentries.amy.request_hold:
    site_root: /webapps/amy.example.org
    state: held
"""

RETURN = r"""
deploy_event:
  description: What the deploy report records (the host's requests began or ceased to wait).
  returned: when that changed, outside check mode
  type: dict
seconds:
  description: How long it took until the requests in flight, or those that waited, were answered.
  type: float
  returned: success
limit_reached:
  description:
    - Whether the hold lasted too long, so that the maintenance page was shown; with O(state=released) it is taken away.
  type: bool
  returned: success
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import SystemClock
from ansible_collections.carpentries.amy.plugins.module_utils.maintenance import MaintenancePage
from ansible_collections.carpentries.amy.plugins.module_utils.request_hold import HoldError, RequestHold


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["held", "released", "closed"], "required": True},
            "directory": {"type": "path", "default": "/run/request-hold"},
            "application": {"type": "path", "default": "/run/gunicorn/gunicorn.sock"},
            "site_root": {"type": "path", "required": True},
            "limit": {"type": "float", "default": 45},
            "patience": {"type": "float", "default": 30},
        },
        supports_check_mode=True,
    )

    def run(*command: str, may_fail: bool = False) -> None:
        code, output, errors = module.run_command(list(command))
        if code and not may_fail:
            raise HoldError(f"{' '.join(command)}: {(errors or output).strip()}. Run: make configure STAGE=<stage>")

    options = module.params
    hold = RequestHold(
        directory=Path(options["directory"]),
        application=Path(options["application"]),
        run=run,
        look=lambda: Path("/proc/net/unix").read_text(encoding="ascii"),
        clock=SystemClock(),
    )
    page = MaintenancePage(Path(options["site_root"]))
    state = options["state"]
    changed = {"held": not hold.held, "released": hold.unfinished, "closed": hold.lets_wait}[state]
    if module.check_mode or not changed:
        # Without a hold, a page that a deploy has switched on is not of one that lasted too long.
        module.exit_json(changed=changed, seconds=0.0, limit_reached=page.for_deploy and hold.unfinished)
    seconds = 0.0
    try:
        if state == "closed":
            hold.close()
        elif state == "held":
            seconds = hold.hold(limit=options["limit"], when_over=page.switch_command(), patience=options["patience"])
        else:
            seconds = hold.release(patience=options["patience"])
        limit_reached = page.for_deploy
        if state == "released" and limit_reached:
            page.switch("off", dry=False)
    except (HoldError, OSError) as error:
        module.fail_json(msg=str(error))
    event = {"type": "requests_held" if state == "held" else "requests_released"}
    module.exit_json(changed=True, seconds=seconds, limit_reached=limit_reached, deploy_event=event)


if __name__ == "__main__":
    main()
