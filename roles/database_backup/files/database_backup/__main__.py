# SPDX-License-Identifier: GPL-3.0-or-later
"""`amy-database COMMAND`: prints JSON, or says on standard error what is wrong and exits with 1."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .backup import back_up
from .failure import BackupError
from .manifest import complete_dumps, utc_now
from .restore import admit, copy, drill, drop_copy, find, replace_database
from .settings import Settings

SETTINGS = Path("/etc/amy-database/settings.json")


def main() -> int:
    """Run one command."""
    # A dump has every secret of the database in it.
    os.umask(0o077)
    options = _parser().parse_args()
    try:
        print(json.dumps(_run(Settings.read(options.settings), options)))
    except (BackupError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    if options.command == "backup":
        return asdict(back_up(settings, reason=options.reason, release=options.release))
    if options.command == "drill":
        return asdict(drill(settings, source=options.source))
    if options.command == "copy":
        return asdict(copy(settings, source=options.source))
    if options.command == "drop-copy":
        drop_copy(settings)
        return {}
    if options.command == "restore":
        return _restore(settings, source=options.source)
    return _check(settings, max_age=options.max_age)


def _restore(settings: Settings, *, source: str) -> dict[str, Any]:
    # First of all, since the newest backup will be another one in a moment.
    dump, _manifest = find(settings, source)
    admit(settings)
    before = back_up(settings, reason="before-restore", release="", prune=False)
    return {**asdict(replace_database(settings, source=dump.name)), "backup": before.name}


def _check(settings: Settings, *, max_age: int) -> dict[str, Any]:
    dumps = complete_dumps(settings.directory)
    if not dumps:
        raise BackupError(f"There is no backup in {settings.directory}. Run: make backup")
    age = round(dumps[0].age(utc_now()))
    if age > max_age:
        raise BackupError(
            f"The newest backup, {dumps[0].name}, is {age // 60} minutes old. "
            "Look: systemctl status amy-database-backup; journalctl -u amy-database-backup"
        )
    return {"name": dumps[0].name, "age": age, "size": dumps[0].size, "count": len(dumps), "s3": dumps[0].s3}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="amy-database", description=__doc__)
    parser.add_argument("--settings", type=Path, default=SETTINGS)
    commands = parser.add_subparsers(dest="command", required=True)
    backup = commands.add_parser("backup", help="make a verified backup")
    backup.add_argument("--reason", default="timer")
    backup.add_argument("--release", default="")
    check = commands.add_parser("check", help="tell how old the newest backup is")
    check.add_argument("--max-age", type=int, default=2700, help="seconds")
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
