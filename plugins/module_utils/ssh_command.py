# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an operator reaches a host by hand, as Ansible reaches it; and how the release's manage.py is run there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

# Only root and the application may enter a release, so the application's user changes the folder.
MANAGE = 'cd "$1" && shift && exec .venv/bin/with-environment python manage.py "$@"'


def ssh_command(variables: Mapping[str, Any], *, remote: str = "", terminal: bool = True) -> list[str]:
    """Return the words of the command that opens a shell on a host, or runs the text `remote` in one.

    `variables` are the host's, as its inventory has them. `terminal` says whether the operator has one: without it,
    none is asked for on the host (`-T`), of which ssh would warn.
    """
    options = [
        ("-i", variables.get("ansible_ssh_private_key_file")),
        ("-p", variables.get("ansible_port")),
        ("-l", variables.get("ansible_user")),
    ]
    arguments = [f"{variables.get(f'ansible_ssh_{kind}_args') or ''}" for kind in ("common", "extra")]
    return [
        "ssh",
        *([] if terminal else ["-T"]),
        *(["-t"] if terminal and remote else []),
        *(word for text in arguments for word in shlex.split(text)),
        *(word for option, value in options if value for word in (option, str(value))),
        str(variables.get("ansible_host") or variables["inventory_hostname"]),
        *([remote] if remote else []),
    ]


def manage_command(arguments: str, *, site_root: str, user: str) -> str:
    """Return what a shell on a host runs for `manage.py <arguments>` of the release that is active there.

    `arguments` are words as a shell has them: `createsuperuser`, `loaddata 'a file.json'`. Raises ValueError if a quote
    is open.
    """
    words = ["sudo", "-u", user, "sh", "-c", MANAGE, "manage", f"{site_root}/repo", *shlex.split(arguments)]
    return shlex.join(words)
