#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: public_dns_info
short_description: Tell whether a domain leads to a load balancer
version_added: 0.1.0
description:
  - Asks the name servers of the domain's own zone, whatever the controller's resolver says of the domain.
  - Does not fail where they cannot be asked, and says why instead.
  - Needs the permissions C(route53:ListHostedZonesByName) and C(route53:GetHostedZone), unless O(servers) are given.
options:
  zone:
    description: The public hosted zone in Route 53.
    type: str
    required: true
  name:
    description: The domain.
    type: str
    required: true
  target:
    description: The DNS name of the load balancer.
    type: str
    required: true
  servers:
    description:
      - Addresses of name servers to ask instead of the zone's.
      - They are asked about O(target), too, which is otherwise the affair of the controller's resolver.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for the answer to one question.
    type: float
    default: 4
requirements:
  - boto3 and dnspython on the controller
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.read_only]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Ask whether visitors reach the load balancer
  carpentries.amy.public_dns_info:
    zone: example.org
    name: amy.example.org
    target: amy-production-1234567890.us-east-1.elb.amazonaws.com
"""

RETURN = r"""
leads:
  description: Whether the domain leads to the load balancer; null if that could not be asked.
  type: bool
  returned: always
complaint:
  description: Where it leads instead, or why that could not be asked; empty if it leads there.
  type: str
  returned: always
  sample: amy.example.org leads to 192.0.2.7, and not to the load balancer (198.51.100.4, 198.51.100.5).
addresses:
  description: The IPv4 addresses of the domain.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils import public_dns


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "zone": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "target": {"type": "str", "required": True},
            "servers": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "float", "default": 4},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    try:
        found, complaint = _ask(module.params)
    except (aws.AwsError, public_dns.DnsError) as error:
        module.exit_json(changed=False, leads=None, complaint=str(error), addresses=[])
    module.exit_json(changed=False, leads=not complaint, complaint=complaint, addresses=sorted(found))


def _ask(parameters: dict[str, Any]) -> tuple[frozenset[str], str]:
    """Addresses of the domain, and what is wrong with them. Raises AwsError and DnsError."""
    if public_dns.IMPORT_ERROR:
        raise public_dns.DnsError(missing_required_lib("dnspython"))
    if aws.IMPORT_ERROR:
        raise public_dns.DnsError(missing_required_lib("boto3"))
    name, target, given = parameters["name"], parameters["target"], parameters["servers"]
    timeout = parameters["timeout"]
    wanted = public_dns.addresses_of(target, servers=given, timeout=timeout)
    if not wanted:
        raise public_dns.DnsError(f"No resolver of this controller knows an address of the load balancer {target}.")
    found = public_dns.addresses_of(name, servers=given or _servers(parameters), timeout=timeout)
    return found, public_dns.complaint(name=name, found=found, target=target, wanted=wanted)


def _servers(parameters: dict[str, Any]) -> list[str]:
    zone = parameters["zone"]
    with aws.translated(doing=f"read the name servers of the zone {zone} in Route 53"):
        names = public_dns.zone_servers(aws.client(service="route53", parameters=parameters), zone)
    return public_dns.servers_addresses(names, timeout=parameters["timeout"])


if __name__ == "__main__":
    main()
