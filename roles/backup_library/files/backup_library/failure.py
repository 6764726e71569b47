# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong, and what to run then."""

from __future__ import annotations

import os
import traceback
from pathlib import Path


class BackupError(Exception):
    """The message says what, why, and what to do next."""


class BusyError(BackupError):
    """The server has no room now. That says nothing of the backups."""


# What a program exits with then: EX_TEMPFAIL of sysexits.h.
BUSY = 75


def make_command(name: str) -> str:
    """Return `make <name>` for the stage that the program's environment names; for an operator to run."""
    return f"make {name} STAGE={os.environ.get('AMY_STAGE', '<stage>')}"


def message(error: Exception) -> str:
    """Return what to say of an error: where it happened, too, if it is of a kind that is not foreseen."""
    if isinstance(error, (BackupError, OSError)):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error).strip()} ({Path(place.filename).name}:{place.lineno})"
