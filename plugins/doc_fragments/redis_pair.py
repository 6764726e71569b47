# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that works on a Redis and the one that it follows."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.redis_pair]`."""

    DOCUMENTATION = r"""
options:
  redis_url:
    description: The Redis that follows O(primary_url), as this host reaches it, without a database number.
    type: str
    required: true
  redis_address:
    description: The same, as the primary reaches it, C(host:port).
    type: str
    required: true
  primary_url:
    description: The Redis that is followed, as this host reaches it, without a database number.
    type: str
    required: true
  primary_address:
    description: The same, as the follower reaches it, C(host:port).
    type: str
    required: true
  user:
    description: The name under which the one that follows logs in at the one that it follows; empty if none needs to.
    type: str
    default: ""
  password:
    description: The password of O(user).
    type: str
    default: ""
requirements:
  - redis (Python library, 3.5 or later)
"""
