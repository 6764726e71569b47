"""The release this source tree is."""

from __future__ import annotations

RELEASE = "v1"
