# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that looks at a stage's lock."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.stage_lock]`."""

    DOCUMENTATION = r"""
options:
  bucket:
    description: The stage's S3 bucket.
    type: str
    required: true
  stage:
    description: The stage that the lock is for.
    type: str
    required: true
  key:
    description: Key of the lock's object. By default C(locks/<stage>.json).
    type: str
"""
