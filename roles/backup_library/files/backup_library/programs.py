# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the programs of a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from .failure import BackupError, make_command


def bound(*command: str) -> list[str]:
    """Return a command that ends with the program that starts it, however early that is killed."""
    # The kernel tells of a parent's death from prctl(2) on: a child whose parent has died by then has another one.
    if_the_parent_lives = 'test "$PPID" = "$0" && exec "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", if_the_parent_lives, str(os.getpid()), *command]


def run(*command: str, environment: Mapping[str, str], chatty: bool = False) -> str:
    """Return what a program prints. Raises BackupError with its own last words if it fails, or complains.

    A program is `chatty` if it says on standard error how well all goes.
    """
    if shutil.which(command[0]) is None:
        raise BackupError(f"{command[0]} is not installed. Run: {make_command('configure')}")
    # An orphan would go on to write where the next run cleans up.
    done = subprocess.run(
        bound(*command),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode or (done.stderr.strip() and not chatty):
        words = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-8:])
        raise BackupError(f"{command[0]} failed with exit code {done.returncode}:\n{words}")
    return done.stdout
