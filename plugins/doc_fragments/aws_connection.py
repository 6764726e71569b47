# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options that every module with an AWS client has."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.aws_connection]`."""

    DOCUMENTATION = r"""
options:
  region:
    description: The AWS region. By default that of E(AWS_REGION) or E(AWS_DEFAULT_REGION).
    type: str
  endpoint_url:
    description:
      - Where the AWS API is, when it is not AWS's own (the local stage). By default E(AWS_ENDPOINT_URL).
    type: str
requirements:
  - boto3 on the controller
notes:
  - Credentials come from where boto3 finds them, such as E(AWS_PROFILE); they are never options.
  - Runs on the controller (C(delegate_to=localhost)).
  - Throttled calls are repeated with growing pauses.
"""
