# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options of every module that writes to the stage's bucket."""

from __future__ import annotations


class ModuleDocFragment:
    """Included by `extends_documentation_fragment: [carpentries.amy.bucket_encryption]`."""

    DOCUMENTATION = r"""
options:
  encryption:
    description: How S3 encrypts what is written.
    type: str
    choices: [AES256, "aws:kms"]
    default: AES256
  kms_key:
    description: Id of the key for V(aws:kms); by default the account's own.
    type: str
    default: ""
"""
