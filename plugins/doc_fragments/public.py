# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of every module that is of use outside of the collection's own playbooks.

The reference on the site is of these modules; the others are private, and may change with any release.
"""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.public]`."""

    DOCUMENTATION = r"""
attributes:
  public:
    description: Playbooks of a stage may call it. Its options and results change in a major release only.
    support: full
"""
