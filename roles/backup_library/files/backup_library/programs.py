# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the programs of a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from .failure import BackupError, make_command

# The last words of a program say why; more of them would hide it.
LAST_WORDS = 8


@dataclass(frozen=True)
class Done:
    """What a program that has succeeded printed, and the lines in which it complained."""

    output: str
    warnings: list[str] = field(default_factory=list)


def bound(*command: str) -> list[str]:
    """Return a command that ends with the program that starts it, however early that is killed."""
    # The kernel tells of a parent's death from prctl(2) on: a child whose parent has died by then has another one.
    if_the_parent_lives = 'test "$PPID" = "$0" && exec "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", if_the_parent_lives, str(os.getpid()), *command]


def run(*command: str, environment: Mapping[str, str], strict: bool = False) -> Done:
    """Return what a program says. Raises BackupError with its own last words if it fails.

    A program that complains and exits with 0 has done its work, unless `strict` says that it has not.
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
    if done.returncode or (strict and done.stderr.strip()):
        words = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_WORDS:])
        raise BackupError(f"{command[0]} failed with exit code {done.returncode}:\n{words}")
    return Done(done.stdout, [line for line in done.stderr.splitlines() if line.strip()][-LAST_WORDS:])
