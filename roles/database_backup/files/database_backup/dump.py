# SPDX-License-Identifier: GPL-3.0-or-later
"""pg_dump and pg_restore."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from backup_library.failure import BackupError
from backup_library.folder import UNFINISHED
from backup_library.programs import run

from .database import Contents, quoted
from .settings import Settings

ENTRY = re.compile(r"\d+; \d+ \d+ (.+)")
SCHEMAS = ("SCHEMA",)
# Of these others may be the owners: an administrator, or the server's provider. Tables may need the first.
FIRST = ("EXTENSION", "FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "PROCEDURAL LANGUAGE")
LAST = (
    *("PUBLICATION", "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "EVENT TRIGGER", "SECURITY LABEL"),
    *(f"COMMENT {kind}" for kind in ("SCHEMA", "PUBLICATION", "EVENT TRIGGER", *FIRST)),
)
FOREIGN_TABLE = re.compile(r"(COMMENT \S+ )?FOREIGN TABLE ")
# Two databases that subscribe take the changes from each other, and one that does cannot be dropped.
NEVER = ("SUBSCRIPTION", "COMMENT SUBSCRIPTION")


def client_version(settings: Settings) -> int:
    """Return the major version of pg_dump."""
    told = run(_program(settings, "pg_dump"), "--version", environment=settings.environment()).output
    found = re.search(r"\) (\d+)", told)
    if not found:
        raise BackupError("pg_dump does not tell its version")
    return int(found.group(1))


def dump(settings: Settings, *, snapshot: str, has: Contents, into: Path, rows: bool) -> list[str]:
    """Write a dump of an exported snapshot into a file; `has` says what cannot be in it, `rows` whether rows are.

    Return the lines in which pg_dump complained.
    """
    done = run(
        _program(settings, "pg_dump"),
        "--format=custom",
        *([] if rows else ["--schema-only"]),
        "--lock-wait-timeout=30s",
        f"--snapshot={snapshot}",
        f"--file={into}",
        *(f"--exclude-schema={quoted(schema)}" for schema in has.closed_schemas),
        *(f"--exclude-table={quoted(*table)}" for table in has.closed_tables),
        f"--dbname={settings.conninfo()}",
        environment=settings.environment(),
    )
    return done.warnings


def require_readable(settings: Settings, file: Path) -> list[str]:
    """Raise BackupError unless all of a dump can be read; its table of contents proves nothing about the data.

    Return the lines in which pg_restore complained.
    """
    command = [_program(settings, "pg_restore"), "--file=/dev/null", str(file)]
    try:
        return run(*command, environment=settings.environment()).warnings
    except BackupError as error:
        raise BackupError(f"{file.name} cannot be read back, so it is no backup.\n{error}") from error


def restore(settings: Settings, file: Path, *, database: str) -> tuple[dict[str, str], list[str]]:
    """Restore a dump into an empty database, all or nothing but for what may need the rights of others.

    That is restored piece by piece. Return what of it was refused, with the reason, and what pg_restore complained of.
    Owners and rights are not restored: the user may not give all of them, and other servers have other roles.
    """
    entries = _contents_of(settings, file)
    refused = {entry.name: "a copy would receive what the database receives" for entry in entries if entry.is_of(NEVER)}
    warnings: list[str] = []

    def put(chosen: list[Entry]) -> None:
        # What a kill leaves of it goes like a partial dump.
        chosen_file = file.with_name(f"{file.name}.list{UNFINISHED}")
        chosen_file.write_text("".join(f"{entry.line}\n" for entry in chosen), encoding="utf-8")
        try:
            warnings.extend(_restore(settings, file, chosen_file, database=database))
        finally:
            chosen_file.unlink()

    def try_each(chosen: list[Entry]) -> None:
        for entry in chosen:
            try:
                put([entry])
            except BackupError as error:
                refused[entry.name] = _reason(error)

    put([entry for entry in entries if entry.is_of(SCHEMAS)])
    try_each([entry for entry in entries if entry.is_of(FIRST)])
    # Without their server there are none.
    if any(name.startswith("SERVER ") for name in refused):
        foreign = [entry for entry in entries if FOREIGN_TABLE.match(entry.name)]
        refused |= {entry.name: "its server was refused" for entry in foreign}
    try:
        apart = (*SCHEMAS, *FIRST, *LAST, *NEVER)
        put([entry for entry in entries if not entry.is_of(apart) and entry.name not in refused])
    except BackupError as error:
        lacking = "".join(f"\nBefore that, {name} was refused: {why}" for name, why in refused.items())
        raise BackupError(f"{error}{lacking}") from error
    try_each([entry for entry in entries if entry.is_of(LAST)])
    return refused, warnings


@dataclass(frozen=True)
class Entry:
    """A line of a dump's table of contents; `name` says in words what it is."""

    line: str
    name: str

    def is_of(self, kinds: tuple[str, ...]) -> bool:
        """Whether it is of one of some kinds."""
        return self.name.startswith(tuple(f"{kind} " for kind in kinds))


def _contents_of(settings: Settings, file: Path) -> list[Entry]:
    told = run(_program(settings, "pg_restore"), "--list", str(file), environment=settings.environment()).output
    found = [ENTRY.fullmatch(line) for line in told.splitlines()]
    return [Entry(line=match[0], name=_name(match[1])) for match in found if match]


def _name(text: str) -> str:
    """Return an entry without its owner; what is in no schema has a dash for it."""
    return text.rpartition(" ")[0].replace(" - ", " ", 1)


def _restore(settings: Settings, file: Path, chosen: Path, *, database: str) -> list[str]:
    command = [_program(settings, "pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner", "--no-acl"]
    command += [f"--use-list={chosen}", f"--dbname={settings.conninfo(database)}", str(file)]
    return run(*command, environment=settings.environment()).warnings


def _reason(error: BackupError) -> str:
    """Return what the server said."""
    found = re.search(r"ERROR:\s*(.+)", str(error))
    return found[1] if found else str(error)


def _program(settings: Settings, name: str) -> str:
    # Not what is first in PATH: Debian puts a wrapper there that chooses a version by itself.
    return str(settings.programs / name)
