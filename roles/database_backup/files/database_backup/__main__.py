# SPDX-License-Identifier: GPL-3.0-or-later
"""`amy-database COMMAND`: prints JSON, or says on standard error what is wrong.

It exits with 1 then, and with 75 if only the server has no room now.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backup_library.failure import BUSY, BusyError, make_command, message

from .backup import back_up
from .record import record
from .rehearsal import check, check_restore, copy, drill, drop_copy
from .restore import replace_database
from .settings import Settings

# What tells backups from each other.
LISTED = ("name", "started", "reason", "release", "migrations", "s3")
SETTINGS = Path("/etc/amy-database/settings.json")


def main() -> int:
    """Run one command."""
    # A dump has every secret of the database in it.
    os.umask(0o077)
    options = _parser().parse_args()
    try:
        print(json.dumps(_recorded(Settings.read(options.settings), options)))
    except Exception as error:  # whatever it is: a timer and a deploy are told in words
        print(message(error), file=sys.stderr)
        return BUSY if isinstance(error, BusyError) else 1
    return 0


def _recorded(settings: Settings, options: argparse.Namespace) -> dict[str, Any] | list[dict[str, Any]]:
    # A question is asked often, and changes nothing.
    if options.command == "check":
        return settings.backups.check(max_age=options.max_age, make=make_command("backup"))
    if options.command == "list":
        return [{name: getattr(backup, name) for name in LISTED} for backup in settings.backups.folder.complete()]
    if options.command == "check-rehearsal":
        return asdict(check(settings))
    try:
        outcome = _run(settings, options)
    except Exception as error:
        record(settings.log_file, options.command, {"error": message(error)})
        raise
    record(settings.log_file, options.command, outcome)
    return outcome


def _run(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    if options.command == "backup":
        with settings.backups.lock.held():
            return settings.backups.told(asdict(back_up(settings, reason=options.reason, release=options.release)))
    if options.command == "drop-copy":
        drop_copy(settings)
        return {}
    if options.command == "check-restore":
        return asdict(check_restore(settings))
    restores = {"drill": drill, "copy": copy, "restore": replace_database}
    return asdict(restores[options.command](settings, source=options.source))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="amy-database", description=__doc__)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="make a verified backup")
    backup.add_argument("--reason", default="timer")
    backup.add_argument("--release", default="")
    check = commands.add_parser("check", help="tell how old the newest backup is")
    check.add_argument("--max-age", type=int, default=2700, help="seconds")
    commands.add_parser("list", help="tell which backups are in the folder, the newest first")
    commands.add_parser("check-rehearsal", help="tell whether a copy could be made")
    commands.add_parser("check-restore", help="restore all but the rows into a scratch database")
    commands.add_parser("drop-copy", help="drop what copy has made")
    for name, text in (
        ("drill", "restore into a scratch database"),
        ("copy", "restore into a database of its own, and leave it there"),
        ("restore", "replace the living database"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("source", help="newest, a file in the folder of backups, or an S3 URL")
    return parser


if __name__ == "__main__":
    sys.exit(main())
