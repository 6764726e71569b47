# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of every module that puts something of an artifact on a host; see the fragment release_artifact."""

from __future__ import annotations

from typing import Any

ARTIFACT_OPTIONS: dict[str, dict[str, Any]] = {
    "site_root": {"type": "path", "required": True},
    "id": {"type": "str", "required": True},
    "commit": {"type": "str", "required": True},
    "sha256": {"type": "str", "required": True},
    "size": {"type": "int", "required": True},
    "unpacked_size": {"type": "int", "default": 0},
    "static_directory": {"type": "str", "default": "staticfiles"},
    "group": {"type": "str", "required": True},
}
