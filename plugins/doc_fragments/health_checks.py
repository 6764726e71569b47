# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that asks health checks."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.health_checks]`."""

    DOCUMENTATION = r"""
options:
  checks:
    description: What to ask and what to expect.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The request's path.
        type: str
        required: true
      host:
        description: The name by which the site is asked; also for the certificate.
        type: str
        required: true
      status:
        description: The expected status or a list of them; 200 by default.
        type: raw
      text:
        description:
          - What the body must contain; C({release}) stands for O(release), C({version}) for O(version), or
            else for the same without a C(v) before a digit.
        type: str
      scheme:
        description: What a load balancer would say in X-Forwarded-Proto.
        type: str
        choices: [http, https]
      headers:
        description: More headers.
        type: dict
"""
