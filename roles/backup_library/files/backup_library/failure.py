# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong."""

from __future__ import annotations


class BackupError(Exception):
    """The message says what, why, and what to do next."""
