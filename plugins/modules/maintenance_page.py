#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: maintenance_page
short_description: Switch the maintenance page of a site on or off
version_added: 0.1.0
description:
  - Renames C(maintenance_off.html) to C(maintenance_on.html) or back, as an operator would by hand.
  - The file's text stays what it is, unless O(content) is given.
  - The page's time of modification is the planned end, if it lies in the future. A page with such a time from before
    gets the present one when it is switched without O(until).
extends_documentation_fragment: [carpentries.amy.public, carpentries.amy.site]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  mode:
    description: Whether the page is shown. Quote it, since YAML takes both words for booleans.
    type: str
    choices: ["on", "off"]
    required: true
  for_deploy:
    description: Whether it is a deploy that switches the page on, so that a deploy switches it off again.
    type: bool
    default: false
  content:
    description: The new HTML of a page that is to be on. Empty to leave it as it is.
    type: str
    default: ""
  until:
    description: When a page that is to be on is planned to be off again, as ISO 8601 with a zone. Empty for no plan.
    type: str
    default: ""
attributes:
  check_mode:
    description: Tells whether the page would be renamed.
    support: full
"""

EXAMPLES = r"""
- name: Close the site
  carpentries.amy.maintenance_page:
    site_root: /webapps/amy.example.org
    mode: "on"
    until: 2026-01-31T15:30Z
"""

RETURN = r"""
deploy_event:
  description: What the deploy report records (the host began or ceased to answer with the page).
  returned: when the page was renamed, outside check mode
  type: dict
mode:
  description: What the page was before.
  returned: success
  type: str
  sample: "off"
planned_end:
  description: When the page is planned to be off again; none if that is not set, or is over.
  returned: success
  type: str
  sample: "2026-01-31T15:30:00.000Z"
"""

from datetime import datetime
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils._clock import parse_timestamp, timestamp
from ansible_collections.carpentries.amy.plugins.module_utils.maintenance import MaintenanceError, MaintenancePage


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "mode": {"type": "str", "choices": ["on", "off"], "required": True},
            "for_deploy": {"type": "bool", "default": False},
            "content": {"type": "str", "default": ""},
            "until": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    page = MaintenancePage(Path(module.params["site_root"]))
    before = page.mode
    options = module.params
    try:
        changed = page.switch(
            options["mode"],
            dry=module.check_mode,
            for_deploy=options["for_deploy"],
            content=options["content"],
            until=planned_end(options["until"]),
        )
        end = page.planned_end
    except (MaintenanceError, OSError) as error:
        module.fail_json(msg=str(error))
    event = {"deploy_event": {"type": "site_closed" if options["mode"] == "on" else "site_open"}}
    module.exit_json(
        changed=changed,
        mode=before,
        planned_end=timestamp(end) if end else None,
        **(event if before != options["mode"] and not module.check_mode else {}),
    )


def planned_end(text: str) -> datetime | None:
    """`text` as a time, None for none. Raises MaintenanceError if it is no time with a zone."""
    try:
        return parse_timestamp(text) if text else None
    except ValueError as error:
        raise MaintenanceError(
            f"The planned end is no time: {error}. Give one like this: -e maintenance_until=2026-01-31T15:30Z"
        ) from error


if __name__ == "__main__":
    main()
