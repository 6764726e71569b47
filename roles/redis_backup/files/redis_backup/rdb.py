# SPDX-License-Identifier: GPL-3.0-or-later
"""Redis's own programs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from backup_library.failure import BackupError
from backup_library.programs import run

from .settings import Settings


def information(settings: Settings) -> dict[str, str]:
    """Return what the server says of itself. Raises BackupError if it does not answer."""
    return parsed(ask(settings, "INFO"))


def transfer(settings: Settings, *, into: Path) -> None:
    """Write a snapshot into a file, as a replica would get it."""
    # What broke off is found when it is read back.
    run(*_client(settings), "--rdb", str(into), environment=settings.environment())


def count_keys(file: Path) -> int:
    """Return how many keys a file has, having read all of it. Raises BackupError if it is not whole."""
    try:
        report = run("redis-check-rdb", str(file), environment=os.environ).output
    except BackupError as error:
        raise BackupError(f"{file.name} cannot be read back, so it is no backup.\n{error}") from error
    keys = re.search(r"(\d+) keys read", report)
    if keys is None or "Checksum OK" not in report:
        raise BackupError(f"{file.name} has no checksum by Redis, so it may be incomplete.")
    return int(keys[1])


def ask(settings: Settings, *command: str) -> str:
    """Return the answer to a command. Raises BackupError if there is none."""
    # -e: an answer that is an error is a failure. A refused password is a complaint, and the answer is to another user.
    try:
        return run(*_client(settings), "-e", *command, environment=settings.environment(), strict=True).output
    except BackupError as error:
        raise BackupError(
            f"Redis does not serve the user {settings.user}: {error}\nLook: systemctl status redis-server"
        ) from error


def parsed(answer: str) -> dict[str, str]:
    """Return the fields in an answer to INFO."""
    return dict(line.split(":", 1) for line in answer.splitlines() if ":" in line)


def _client(settings: Settings) -> list[str]:
    user = ["--user", settings.user] if settings.user else []
    return ["redis-cli", *settings.server, *user]
