# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that works on some of RQ's queues."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.rq_queues]`."""

    DOCUMENTATION = r"""
options:
  queues:
    description: Names of the queues.
    type: list
    elements: str
    default: [default]
"""
