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
  - The file's text stays what it is.
author: The carpentries.amy contributors (@carpentries)
options:
  site_root:
    description: The site's tree, C(/webapps/{domain}).
    type: path
    required: true
  mode:
    description: Whether the page is shown. Quote it, since YAML takes both words for booleans.
    type: str
    choices: ["on", "off"]
    required: true
  for_deploy:
    description: Whether it is a deploy that switches the page on, so that a deploy switches it off again.
    type: bool
    default: false
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
"""

RETURN = r"""
mode:
  description: What the page was before.
  returned: success
  type: str
  sample: "off"
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.carpentries.amy.plugins.module_utils.maintenance import MaintenanceError, MaintenancePage


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "site_root": {"type": "path", "required": True},
            "mode": {"type": "str", "choices": ["on", "off"], "required": True},
            "for_deploy": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    page = MaintenancePage(Path(module.params["site_root"]))
    before = page.mode
    try:
        changed = page.switch(module.params["mode"], dry=module.check_mode, for_deploy=module.params["for_deploy"])
    except (MaintenanceError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed, mode=before)


if __name__ == "__main__":
    main()
