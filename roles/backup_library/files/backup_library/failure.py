# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong, and what to run then."""

from __future__ import annotations

import os


class BackupError(Exception):
    """The message says what, why, and what to do next."""


def make_command(name: str) -> str:
    """Return `make <name>` for the stage that the program's environment names; for an operator to run."""
    return f"make {name} STAGE={os.environ.get('AMY_STAGE', '<stage>')}"
