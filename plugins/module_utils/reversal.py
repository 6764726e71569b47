# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plan which migrations are reversed so that an older release can be deployed, which stay, and whether that works."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REFERENCE = re.compile(r'REFERENCES\s+"?([^" (;]+)', re.I)


@dataclass(frozen=True)
class Applied:
    """An applied migration of the newer release, as `app.0001_name`, with its operations that cannot be reversed."""

    name: str
    dependencies: Sequence[str] = ()
    replaces: Sequence[str] = ()
    irreversible: Sequence[str] = ()

    @property
    def application(self) -> str:
        """The label of its application."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Reversal:
    """The migrations to reverse, in this order; a line for each application that stays; or why it does not work.

    `way_back` says which backup has the database without them, and the command that restores it.
    """

    reverse: list[str]
    stays: list[str]
    refusal: str | None
    way_back: str


@dataclass(frozen=True)
class Backups:
    """The backups on `host`, in `folder`: `made` are those that `amy-database list` tells, the newest first."""

    host: str
    folder: str
    made: Sequence[Mapping[str, Any]] = ()

    def without(self, migrations: Collection[str]) -> str:
        """Return the name of the newest backup that was made before any of the `migrations`; empty if none is known.

        Of each application a backup tells the last migration; one that tells of none is not of this database's time.
        """
        for backup in self.made:
            last = {f"{application}.{name}" for application, name in backup["migrations"].items()}
            if last and last.isdisjoint(migrations):
                return str(backup["name"])
        return ""


def plan(
    *,
    graph: Sequence[Applied],
    known: Collection[str],
    statements: Mapping[str, Sequence[str] | None],
    tables: Collection[str],
    older: str,
    newer: str,
    stage: str,
    backups: Backups,
) -> Reversal:
    """Return what to reverse for the release `older`, which knows the migrations `known` and has the `tables`.

    `graph` has what is applied of the release `newer`, each after its dependencies: a name that the database records
    and that is in no release is not in it, and is left alone. `statements` is the SQL of those that `older` lacks, None
    where it cannot be told. `older` and `newer` are ids.
    An application that `older` does not have stays, as far as none of its migrations changes a table that `older` has,
    or depends on one that goes.
    """
    lacking = [migration for migration in graph if not _is_known(migration, known)]
    applications = {name.partition(".")[0] for name in known}
    going: set[str] = set()
    for migration in lacking:
        if (
            migration.application in applications
            or _changes(statements.get(migration.name), tables)
            or going.intersection(migration.dependencies)
        ):
            going.add(migration.name)
    obstacles = [line for migration in graph for line in _obstacles(migration, going, known, older)]
    way_back = _way_back(backups, going, newer=newer, stage=stage)
    return Reversal(
        reverse=[migration.name for migration in reversed(lacking) if migration.name in going],
        stays=_stays([m for m in lacking if m.name not in going], statements, tables, older),
        refusal=_refusal(obstacles, older=older, newer=newer, way_back=way_back) if obstacles else None,
        way_back=way_back,
    )


def _is_known(migration: Applied, known: Collection[str]) -> bool:
    """A squashed migration is nothing new to a release that has all that it replaces."""
    return migration.name in known or (bool(migration.replaces) and all(name in known for name in migration.replaces))


def _changes(statements: Sequence[str] | None, tables: Collection[str]) -> bool:
    """Return whether SQL names a table for more than to refer to it; what cannot be told may do so."""
    if statements is None:
        return True
    named = {word for line in statements for word in re.findall(r"\w+", REFERENCE.sub("", line))}
    return not named.isdisjoint(tables)


def _obstacles(migration: Applied, going: Collection[str], known: Collection[str], older: str) -> list[str]:
    """Return why a migration cannot be reversed, or why another one that it depends on cannot."""
    if migration.name not in going:
        return [
            f"{name}: {migration.name} depends on it, which {older} knows"
            for name in migration.dependencies
            if name in going
        ]
    if replaced := [name for name in migration.replaces if name in known]:
        return [f"{migration.name}: it replaces {', '.join(replaced)}, which {older} knows, and more that it does not"]
    return [f"{migration.name}: {operation}" for operation in migration.irreversible]


def _stays(
    staying: Sequence[Applied],
    statements: Mapping[str, Sequence[str] | None],
    tables: Collection[str],
    older: str,
) -> list[str]:
    lines = []
    for application in dict.fromkeys(migration.application for migration in staying):
        texts = [line for m in staying if m.application == application for line in statements.get(m.name) or []]
        referred = sorted({table for line in texts for table in REFERENCE.findall(line)}.intersection(tables))
        limit = f"; rows of {', '.join(referred)} that it refers to cannot be deleted meanwhile" if referred else ""
        lines.append(f"{application} stays: {older} does not have its tables{limit}")
    return lines


def _refusal(obstacles: Sequence[str], *, older: str, newer: str, way_back: str) -> str:
    why = f"The migrations between {older} and {newer} cannot be reversed. Nothing has been touched."
    return "\n".join([why, *(f"  {line}" for line in obstacles), way_back])


def _way_back(backups: Backups, going: Collection[str], *, newer: str, stage: str) -> str:
    restored = (
        f"Restore the backup that the deploy of {newer} made before it migrated, which loses what was written since"
    )
    if name := backups.without(going):
        return f"{restored}: make restore STAGE={stage} FROM={name}"
    return (
        f"{restored}. Its name is one of those that this shows on {backups.host}, as root: "
        f"ls -t {backups.folder}/*-deploy.dump. Then run: make restore STAGE={stage} FROM=<that name>"
    )
