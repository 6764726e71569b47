# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that runs a program inside a release's own Django."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.release_program]`."""

    DOCUMENTATION = r"""
options:
  path:
    description: Directory of the staged release.
    type: path
    required: true
  user:
    description: The user that runs the application.
    type: str
    required: true
"""
