#!/usr/bin/python

# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate_request
short_description: Request a certificate from ACM and wait until it is issued
version_added: 0.1.0
description:
  - Requests a certificate with DNS validation unless the account has one for the same names.
  - Returns the DNS records that prove the names.
  - M(community.aws.acm_certificate) imports and deletes certificates, but cannot request one.
author:
  - The carpentries.amy contributors (@carpentries)
options:
  domain_name:
    description: Domain name of the certificate.
    type: str
    required: true
  alternative_names:
    description: Further names of the certificate.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of a new certificate.
    type: dict
    default: {}
  wait:
    description: Whether to wait until the certificate is issued.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the validation records to appear, and then for the certificate.
    type: int
    default: 900
attributes:
  check_mode:
    description: Can run in check mode without requesting anything.
    support: full
extends_documentation_fragment: [carpentries.amy.aws_connection]
"""

EXAMPLES = r"""
- name: Request the certificate
  carpentries.amy.acm_certificate_request:
    domain_name: amy.carpentries.org
  register: certificate

- name: Wait until the certificate is issued
  carpentries.amy.acm_certificate_request:
    domain_name: amy.carpentries.org
    wait: true
"""

RETURN = r"""
arn:
  description: ARN of the certificate; empty in check mode when it would be requested.
  type: str
  returned: success
  sample: arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
status:
  description: Status of the certificate, as ACM names it.
  type: str
  returned: success
  sample: ISSUED
validation_records:
  description: The DNS records that prove the names.
  type: list
  elements: dict
  returned: success
  contains:
    name: {description: Name of the record., type: str}
    type: {description: Type of the record., type: str}
    value: {description: Value of the record., type: str}
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.acm import CertificateError, Certificates


def main() -> None:
    """Request, wait, report."""
    module = AnsibleModule(
        argument_spec={
            "domain_name": {"type": "str", "required": True},
            "alternative_names": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
            "wait": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 900},
            **aws.CONNECTION_OPTIONS,
        },
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    try:
        with aws.translated(doing=f"get a certificate for {options['domain_name']} from ACM"):
            certificates = Certificates(
                client=aws.client(service="acm", parameters=options), timeout=options["timeout"]
            )
            certificate, changed = certificates.request(
                domain_name=options["domain_name"],
                alternative_names=options["alternative_names"],
                tags=options["tags"],
                check_mode=module.check_mode,
            )
            if options["wait"] and certificate.arn:
                certificate = certificates.wait_until_issued(certificate)
    except (CertificateError, aws.AwsError) as error:
        module.fail_json(msg=f"No certificate for {options['domain_name']}: {error}")
    module.exit_json(changed=changed, **certificate.as_result())


if __name__ == "__main__":
    main()
