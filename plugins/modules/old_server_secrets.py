#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: old_server_secrets
short_description: Read the values of settings from a postactivate script
version_added: 0.1.0
description:
  - Sources the script in a shell without an environment of its own, as C(source .venv/bin/postactivate) does, and
    returns the values of the settings that are asked for.
  - The values are secrets, so use it with C(no_log).
extends_documentation_fragment: [carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
options:
  path:
    description: The script.
    type: path
    required: true
  names:
    description: The settings.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Read what the old server keeps secret
  carpentries.amy.old_server_secrets:
    path: /webapps/amy.example.org/repo/.venv/bin/postactivate
    names: [AMY_SECRET_KEY]
  no_log: true
  register: secrets
"""

RETURN = r"""
settings:
  description: The values by name.
  returned: success
  type: dict
  sample: {AMY_SECRET_KEY: "..."}
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.old_server.environment import environment_command, environment_of


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    code, output, errors = module.run_command(environment_command(module.params["path"]))
    if code:
        module.fail_json(msg=f"{module.params['path']} cannot be sourced: {errors.strip()[-500:]}")
    values = environment_of(output)
    missing = sorted(set(module.params["names"]) - set(values))
    if missing:
        module.fail_json(
            msg=f"{module.params['path']} does not set {', '.join(missing)}. Correct modernize_secrets of the stage."
        )
    module.exit_json(changed=False, settings={name: values[name] for name in module.params["names"]})


if __name__ == "__main__":
    main()
