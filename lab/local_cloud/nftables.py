# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading and removing tables of our own. Nothing here ever flushes what others have loaded."""

from __future__ import annotations

import subprocess


class PacketFilterError(RuntimeError):
    """nft refused a table; the message has its reason."""


def load(text: str) -> None:
    """Carry out nft commands in one transaction. Raises PacketFilterError."""
    done = subprocess.run(["nft", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PacketFilterError(f"nft refused a table: {done.stderr.strip()}\nIt was:\n{text}")


def remove_table(name: str) -> None:
    """Remove a table ("inet example") if it is there."""
    load(f"add table {name}\ndelete table {name}\n")


def table_exists(name: str) -> bool:
    """Whether a table ("inet example") is loaded."""
    return subprocess.run(["nft", "list", "table", *name.split()], capture_output=True, check=False).returncode == 0
