# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that puts something of an artifact on a host."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.release_artifact]`."""

    DOCUMENTATION = r"""
options:
  id:
    description: The release's id.
    type: str
    required: true
  commit:
    description: The full commit id; recorded.
    type: str
    required: true
  sha256:
    description: The checksum of the artifact.
    type: str
    required: true
  size:
    description: The artifact's bytes.
    type: int
    required: true
  unpacked_size:
    description: The bytes of what is in it.
    type: int
    default: 0
  static_directory:
    description: Where in the release its static files are.
    type: str
    default: staticfiles
  group:
    description: The application's group.
    type: str
    required: true
"""
