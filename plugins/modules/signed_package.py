#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: signed_package
short_description: Install a Debian package whose signature is that of a trusted key
version_added: 0.1.0
description:
  - For a package that comes as a file with a detached OpenPGP signature, not from a repository of apt's.
  - Nothing is fetched if the package is installed in the wanted version.
  - Nothing is installed unless the signature is good, the key is the trusted one, and the file is the wanted package in
    the wanted version.
options:
  name:
    description: The package's name.
    type: str
    required: true
  version:
    description: The package's version, as dpkg has it.
    type: str
    required: true
  url:
    description: Where the package is; with C(file://) a file of this host.
    type: str
    required: true
  signature_url:
    description: Where its detached signature is.
    type: str
    required: true
  key_url:
    description: Where the signer's public key is. It may come from anywhere, because O(fingerprint) is compared.
    type: str
    required: true
  fingerprint:
    description: The fingerprint of the trusted key, 40 hexadecimal digits; blanks do not count.
    type: str
    required: true
  timeout:
    description: Seconds for a download to go on, and for another one who installs packages to end.
    type: int
    default: 60
attributes:
  check_mode:
    description: Says whether the package would be installed.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Install the agent
  carpentries.amy.signed_package:
    name: amazon-cloudwatch-agent
    version: 1.300051.0b992-1
    url: file:///var/cache/agent/amazon-cloudwatch-agent.deb
    signature_url: file:///var/cache/agent/amazon-cloudwatch-agent.deb.sig
    key_url: file:///var/cache/agent/amazon-cloudwatch-agent.gpg
    fingerprint: 9376 16F3 450B 7D80 6CBD 9725 D581 6730 3B78 9C72
"""

RETURN = r"""
previous:
  description: The version that was installed before; empty if none was.
  returned: success
  type: str
"""

import shutil
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url

from ..module_utils.signed_package import SignatureError, verify


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "signature_url": {"type": "str", "required": True},
            "key_url": {"type": "str", "required": True, "no_log": False},
            "fingerprint": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    previous = installed(module)
    changed = previous != module.params["version"]
    if changed and not module.check_mode:
        install(module)
    module.exit_json(changed=changed, previous=previous)


def installed(module: AnsibleModule) -> str:
    """The package's version on this host, or an empty text."""
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", module.params["name"]]
    _code, out, _errors = module.run_command(query)
    status, _space, version = out.partition(" ")
    return version if status == "installed" else ""


def install(module: AnsibleModule) -> None:
    """Fetch, verify, install."""
    folder = Path(module.tmpdir)
    package = fetch(module, "url", folder / "package.deb")
    signature = fetch(module, "signature_url", folder / "package.deb.sig")
    key = fetch(module, "key_url", folder / "key")
    try:
        verify(
            package=package,
            signature=signature,
            key=key.read_bytes(),
            fingerprint=module.params["fingerprint"],
            folder=folder,
            run=module.run_command,
        )
    except SignatureError as error:
        module.fail_json(
            msg=f"{module.params['name']} was not installed: {error}. The file came from {module.params['url']}, the "
            f"key from {module.params['key_url']}. Find out who has changed what before you run the same command again."
        )
    require_identity(module, package)
    command = ["apt-get", "install", "--yes", "--no-install-recommends", "--allow-downgrades"]
    command += [
        "-o",
        f"DPkg::Lock::Timeout={module.params['timeout']}",
        "-o",
        "Dpkg::Options::=--force-confold",
        str(package),
    ]
    module.run_command(command, check_rc=True, environ_update={"DEBIAN_FRONTEND": "noninteractive"})


def fetch(module: AnsibleModule, parameter: str, path: Path) -> Path:
    """Write what is at the URL in `parameter` to `path`, and return it; fail if there is nothing."""
    response, answer = fetch_url(module, module.params[parameter], timeout=module.params["timeout"])
    if response is None or answer["status"] not in (200, None):
        module.fail_json(
            msg=f"{module.params[parameter]} could not be fetched: {answer['msg']}. Correct the variable, or let the "
            "host reach it, and run the same command again."
        )
    with path.open("wb") as file:
        shutil.copyfileobj(response, file)
    return path


def require_identity(module: AnsibleModule, package: Path) -> None:
    """Fail unless the file is the wanted package: the signer signs others, and other versions, too."""
    _code, out, _errors = module.run_command(
        ["dpkg-deb", "--show", "--showformat", "${Package} ${Version}", str(package)], check_rc=True
    )
    wanted = f"{module.params['name']} {module.params['version']}"
    if out != wanted:
        module.fail_json(
            msg=f"{module.params['url']} is {out}, not {wanted}; nothing was installed. Correct the URL or the version."
        )


if __name__ == "__main__":
    main()
