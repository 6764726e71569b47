# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that makes an artifact."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.artifact_build]`."""

    DOCUMENTATION = r"""
options:
  output:
    description: The artifact to write, C(.tar.zst).
    type: path
    required: true
  build_directory:
    description: Where to build. Removed before and after.
    type: path
    required: true
  cache_directory:
    description: Downloads that the next build can use again.
    type: path
    required: true
  uv:
    description: Path of uv.
    type: path
    required: true
"""
