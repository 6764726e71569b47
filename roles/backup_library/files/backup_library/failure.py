# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong."""

from __future__ import annotations

import traceback
from pathlib import Path


class BackupError(Exception):
    """The message says what, why, and what to do next."""


def message(error: Exception) -> str:
    """Return what to say of an error: where it happened, too, if it is of a kind that is not foreseen."""
    if isinstance(error, (BackupError, OSError)):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error).strip()} ({Path(place.filename).name}:{place.lineno})"
