# SPDX-License-Identifier: GPL-3.0-or-later
"""`amy-redis COMMAND`: prints JSON, or says on standard error what is wrong and exits with 1."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backup_library.failure import message

from .backup import back_up
from .restore import drill, prepare
from .settings import Settings

SETTINGS = Path("/etc/amy-redis/settings.json")
# A day, and two hours for a timer that is late.
MAX_AGE = 26 * 3600


def main() -> int:
    """Run one command."""
    os.umask(0o077)
    options = _parser().parse_args()
    try:
        print(json.dumps(_run(Settings.read(options.settings), options)))
    except Exception as error:  # whatever it is: a timer and an operator are told in words
        print(message(error), file=sys.stderr)
        return 1
    return 0


def _run(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    if options.command == "backup":
        return settings.backups.told(asdict(back_up(settings, reason=options.reason)))
    if options.command == "check":
        return settings.backups.check(max_age=options.max_age, make="systemctl start amy-redis-backup")
    restores = {"drill": drill, "prepare": prepare}
    return asdict(restores[options.command](settings, source=options.source))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="amy-redis", description=__doc__)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="make a verified backup")
    backup.add_argument("--reason", default="manual")
    check = commands.add_parser("check", help="tell how old the newest backup is")
    check.add_argument("--max-age", type=int, default=MAX_AGE, help="seconds")
    for name, text in (
        ("drill", "load a backup into a Redis of its own"),
        ("prepare", "make of a backup the log of all writes that Redis starts with"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("source", help="newest, a file in the folder of backups, or an S3 URL")
    return parser


if __name__ == "__main__":
    sys.exit(main())
