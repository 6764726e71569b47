#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_status
short_description: Tell what a host runs, and what of it does not run
version_added: 0.1.0
description:
  - Only reads. One question instead of four, so that a stage of thirty hosts answers in seconds.
extends_documentation_fragment: [carpentries.amy.read_only, carpentries.amy.site]
options:
  services:
    description: Services of packages, of which C(outdated) is asked.
    type: list
    elements: str
    default: []
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: See what runs here
  carpentries.amy.host_status:
    site_root: /webapps/amy.example.org
    services: [nginx, supervisor]
  become: true
  register: status
"""

RETURN = r"""
state:
  description: The host's releases, as M(carpentries.amy.release_state) returns them, without the platform.
  returned: success
  type: dict
processes:
  description: The processes that run from a release, as of M(carpentries.amy.release_processes); null if unknown.
  returned: success
  type: list
  elements: dict
down:
  description: The processes that supervisord should run and does not, with their states.
  returned: success
  type: dict
  sample: {gunicorn: FATAL}
running:
  description: How many processes of each of supervisord's programs run; null if supervisord does not answer.
  returned: success
  type: dict
  sample: {rqworker: 2}
timers:
  description: The active timers of this collection, which make backups and take figures.
  returned: success
  type: list
  elements: str
  sample: [amy-database-backup.timer, amy-figures.timer]
own:
  description:
    - What the host was told to run of the stage's own, also while it is stopped. Null if that is nothing.
    - Beside its programs and timers it has the folder of the C(release) and that of the C(logs).
  returned: success
  type: dict
  contains:
    programs: {description: "Each with C(name), C(command), C(processes) and C(stop_wait).", type: list, elements: dict}
    timers: {description: "Each with C(name), C(command), C(schedule) and C(timeout).", type: list, elements: dict}
own_timers:
  description:
    - For each of these timers whether it waits for its next run (C(active)).
    - And systemd's word on how the last one ended (C(result)).
  returned: success
  type: dict
  sample: {emails: {active: true, result: success}}
paused:
  description: Whether requests wait there, because M(carpentries.amy.request_hold) lets them.
  returned: success
  type: bool
outdated:
  description: The services that still execute programs or libraries which an update has replaced.
  returned: success
  type: list
  elements: str
  sample: [nginx]
free_memory:
  description: What programs can still get, in bytes; null if unknown.
  returned: success
  type: int
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.host_status import host_status
from ..module_utils.release.failure import ReleaseError


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "services": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    site_root, services = Path(module.params["site_root"]), module.params["services"]
    try:
        module.exit_json(changed=False, **host_status(site_root, services=services))
    except ReleaseError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
