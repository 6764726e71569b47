#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate_info
short_description: Tell how long the certificate of a domain is still good
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - Of the certificates in AWS Certificate Manager that are for the domain, also by a wildcard, the one that expires
    last.
  - Needs the permissions C(acm:ListCertificates) and C(acm:DescribeCertificate).
options:
  domain_name:
    description: The domain.
    type: str
    required: true
extends_documentation_fragment: [carpentries.amy.aws_connection, carpentries.amy.read_only]
"""

EXAMPLES = r"""
- name: Look at the certificate
  carpentries.amy.acm_certificate_info:
    domain_name: amy.example.org
"""

RETURN = r"""
arn:
  description: ARN of the certificate; empty if there is none.
  type: str
  returned: success
not_after:
  description: When it expires; null if there is none.
  type: str
  returned: success
  sample: "2027-01-31T12:00:00.000Z"
days:
  description: How many whole days it is still good, below zero if it has expired; null if there is none.
  type: int
  returned: success
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils._clock import SystemClock, timestamp
from ..module_utils.acm import last_to_expire


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={"domain_name": {"type": "str", "required": True}, **aws.CONNECTION_OPTIONS},
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    name = module.params["domain_name"]
    try:
        with aws.translated(doing=f"look at the certificates of {name} in ACM"):
            found = last_to_expire(aws.client(service="acm", parameters=module.params), name)
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    result: dict[str, Any] = {"arn": "", "not_after": None, "days": None}
    if found is not None:
        arn, end = found
        result = {"arn": arn, "not_after": timestamp(end), "days": (end - SystemClock().now()).days}
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
