# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that speaks to RQ's Redis."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.rq_redis]`."""

    DOCUMENTATION = r"""
options:
  redis_url:
    description: URL of the Redis database that RQ uses, for example V(redis://amy:password@10.0.0.5:6379/2).
    type: str
    required: true
requirements:
  - redis (Python library, 3.5 or later)
"""
