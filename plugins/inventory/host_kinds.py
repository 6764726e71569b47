# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory plugin carpentries.amy.host_kinds."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_kinds
short_description: The groups that each stage has
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Makes a group for each kind of host, also for kinds of which the stage has no host.
  - The group C(application) has the kinds that a deploy puts a release on, C(fleet) has all kinds.
  - Names the controller, so that it knows the folder of its inventory.
  - Another source of the inventory puts the hosts into the groups, for example C(amazon.aws.aws_ec2).
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [carpentries.amy.host_kinds]
"""

EXAMPLES = r"""
# inventories/production/groups.yml
plugin: carpentries.amy.host_kinds
"""

import sys

from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin

from ..module_utils.host_kinds import KINDS

CONTROLLER = "localhost"


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc]
    """The plugin; Ansible calls its two methods."""

    NAME = "carpentries.amy.host_kinds"

    def verify_file(self, path: str) -> bool:
        """Whether a source may be a file of this plugin's."""
        return bool(super().verify_file(path)) and path.endswith("groups.yml")

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add the groups and the controller to the inventory. Raises AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        for group in ("application", "fleet", *(kind.name for kind in KINDS)):
            inventory.add_group(group)
        inventory.add_child("fleet", "application")
        for kind in KINDS:
            inventory.add_child("application" if kind.takes_release else "fleet", kind.name)
        inventory.add_host(CONTROLLER, "ungrouped")
        inventory.set_variable(CONTROLLER, "ansible_connection", "local")
        inventory.set_variable(CONTROLLER, "ansible_python_interpreter", sys.executable)
