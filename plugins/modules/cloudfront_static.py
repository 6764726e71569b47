#!/usr/bin/python
# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_static
short_description: Serve one path of a site by CloudFront
version_added: 0.1.0
description:
  - Creates or corrects a distribution that fetches what is below one path from the site, and serves nothing else.
  - What the module has no opinion on is left as it is.
  - C(community.aws.cloudfront_distribution) has no check mode, and calls such a distribution changed in each run.
options:
  name:
    description: Name of the distribution, its comment.
    type: str
    required: true
  origin:
    description: Domain of the site; its certificate must be valid for it. Required if O(state=present).
    type: str
  path:
    description: The path, from slash to slash.
    type: str
    default: /static/
  alias:
    description: A domain name for the distribution, besides CloudFront's own; it needs O(certificate_arn).
    type: str
    default: ""
  certificate_arn:
    description: ARN of a certificate of O(alias), from the region us-east-1.
    type: str
    default: ""
  price_class:
    description: Where in the world files are kept.
    type: str
    choices: [PriceClass_100, PriceClass_200, PriceClass_All]
    default: PriceClass_100
  tags:
    description: Tags of a new distribution.
    type: dict
    default: {}
  state:
    description:
      - Whether there is to be such a distribution.
      - It is switched off before it is deleted, and all of CloudFront has to know first; that takes up to an hour.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Can run in check mode without changing the distribution.
    support: full
  diff_mode:
    description: Shows each setting that differs, before and after.
    support: full
extends_documentation_fragment: [carpentries.amy.aws_connection]
author:
  - The carpentries.amy contributors (@carpentries)
"""

EXAMPLES = r"""
- name: Serve static files near the visitors
  carpentries.amy.cloudfront_static:
    name: amy-production-static
    origin: amy.carpentries.org
  register: distribution
"""

RETURN = r"""
domain_name:
  description: CloudFront's name for the distribution; empty without one, and for a new one in check mode.
  type: str
  returned: success
  sample: d111111abcdef8.cloudfront.net
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils import _aws_client as aws
from ..module_utils.static_distribution import Distributions, Wanted, differences


def main() -> None:
    """Compare, create, correct or remove, report."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "origin": {"type": "str"},
            "path": {"type": "str", "default": "/static/"},
            "alias": {"type": "str", "default": ""},
            "certificate_arn": {"type": "str", "default": ""},
            "price_class": {
                "type": "str",
                "choices": ["PriceClass_100", "PriceClass_200", "PriceClass_All"],
                "default": "PriceClass_100",
            },
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **aws.CONNECTION_OPTIONS,
        },
        required_if=[("state", "present", ["origin"])],
        supports_check_mode=True,
    )
    if aws.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=str(aws.IMPORT_ERROR))
    options = module.params
    try:
        with aws.translated(doing=f"have the distribution {options['name']} in CloudFront"):
            distributions = Distributions(aws.client(service="cloudfront", parameters=options))
            result = _remove(module, distributions) if options["state"] == "absent" else _settle(module, distributions)
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def _settle(module: AnsibleModule, distributions: Distributions) -> dict[str, object]:
    parts = ("name", "origin", "path", "alias", "certificate_arn", "price_class")
    wanted = Wanted(**{part: module.params[part] for part in parts})
    found = distributions.find(wanted.name)
    if found is None:
        name = "" if module.check_mode else distributions.create(wanted, tags=module.params["tags"])
        return {"changed": True, "domain_name": name, "diff": {"before": {}, "after": wanted.config()}}
    current, _state = distributions.config(found["Id"])
    unlike = list(differences(wanted.config(), current))
    if unlike and not module.check_mode:
        distributions.correct(wanted, found["Id"])
    before, after = ({row[0]: row[side] for row in unlike} for side in (1, 2))
    return {"changed": bool(unlike), "domain_name": found["DomainName"], "diff": {"before": before, "after": after}}


def _remove(module: AnsibleModule, distributions: Distributions) -> dict[str, object]:
    name = module.params["name"]
    found = distributions.find(name)
    if found and not module.check_mode:
        distributions.remove(found["Id"])
    return {
        "changed": found is not None,
        "domain_name": found["DomainName"] if found and module.check_mode else "",
        "diff": {"before": {"name": name} if found else {}, "after": {}},
    }


if __name__ == "__main__":
    main()
