# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of every module that changes nothing."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.read_only]`."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Nothing to show.
    support: none
"""
