# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A line in a file of the controller that says how a wait goes, while it goes.

Private to this collection. Ansible hears of a task at its end; `_live_notes` tells who reads these lines before.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def tell(path: Path, text: str) -> None:
    """Let `path` hold `text`; its reader gets the old line or the new one. What cannot be written is left untold."""
    successor = path.with_name(f"{path.name}.new")
    # A deploy must not fail because its progress cannot be shown.
    with suppress(OSError):
        successor.write_text(text, encoding="utf-8")
        successor.replace(path)
