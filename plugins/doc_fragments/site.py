# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option of every module that works on a site's tree."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.site]`."""

    DOCUMENTATION = r"""
options:
  site_root:
    description: The site's tree, C(/webapps/{domain}).
    type: path
    required: true
"""
