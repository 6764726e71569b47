# SPDX-License-Identifier: GPL-3.0-or-later
"""What uv reads at UV_PYTHON_DOWNLOADS_JSON_URL: which archives there are, where, and their checksums."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

ARCHIVE = re.compile(r"cpython-(\d+)\.(\d+)\.(\d+)-(\w+)-unknown-linux-gnu-install_only\.tar\.gz")


def downloads(folder: Path, url: str) -> dict[str, dict[str, Any]]:
    """The downloads that `folder` offers, which a web server serves at `url`."""
    found = {}
    for path in sorted(folder.glob("*.tar.gz")):
        match = ARCHIVE.fullmatch(path.name)
        if match:
            major, minor, patch = (int(number) for number in match.groups()[:3])
            found[f"cpython-{major}.{minor}.{patch}-linux-{match[4]}-gnu"] = {
                "name": "cpython",
                "arch": {"family": match[4], "variant": None},
                "os": "linux",
                "libc": "gnu",
                "major": major,
                "minor": minor,
                "patch": patch,
                "prerelease": "",
                "url": f"{url.rstrip('/')}/{path.name}",
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "variant": None,
                "build": None,
            }
    return found
