# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Choose how to deploy from what the migrations do: while the fleet rolls, two releases live with one schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

TABLE = re.compile(
    r"(?:(?:ALTER|DROP|CREATE) TABLE(?: IF (?:NOT )?EXISTS)?(?: ONLY)?|CREATE (?:UNIQUE )?INDEX .*? ON) \"?([^\" (;]+)",
    re.I,
)
CREATED = re.compile(r"CREATE TABLE ", re.I)
RENAMED = re.compile(r" RENAME TO \"?([^\" ;]+)", re.I)
COLUMN = re.compile(r"(?:ADD|ALTER) COLUMN \"?([^\" ]+)", re.I)

# Given the statements on one column or table, what the running release cannot live with.
Linter = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class Migration:
    """What a migration does; `statements` is None where that cannot be told. `seconds` were measured on a copy."""

    name: str
    statements: list[str] | None
    seconds: float = 0
    writes: int = 0
    locks: list[str] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """How to deploy, and why: a line for each migration. A `refusal` says why not to, and what to do instead.

    `breaking` tells that the running release cannot live with the schema afterwards.
    """

    strategy: str
    reasons: list[str]
    refusal: str | None = None
    breaking: bool = False


def choose(
    *,
    asked: str,
    ahead: list[Migration],
    behind: list[Migration],
    new_ahead: Iterable[str],
    new_behind: Iterable[str],
    unknown: list[str],
    accepted: Iterable[str],
    wanted_already: bool,
    lock_seconds: float,
    pause_seconds: float,
    seconds: float,
    one_web_host: bool,
    stage: str,
    backups: str,
    lint: Linter,
) -> Choice:
    """Return the strategy for migrations that the running release lacks (`ahead`), or the wanted one lacks (`behind`).

    `asked` is auto, rolling, pause or maintenance. `new_ahead` are tables that the wanted release has and the running
    one has not, `new_behind` those of the running release that the wanted one has not. `unknown` are applied migrations
    that neither knows, and that a dead deploy may have left. No complaint is made of migrations that are `accepted` by
    name. `wanted_already` tells that the running release is the wanted one, which lives with any of them: only their
    locks count. `lock_seconds` is how long visitors may wait for a table, `pause_seconds` how long the commands of the
    deploy may take while requests wait, and `seconds` what all of them took on the copy. One web host cannot leave the
    rotation without an end of the service, so that its requests wait, too. A refusal names commands for the `stage`,
    whose host of the backups has them in the folder `backups`.
    """
    complaints_ahead = {} if wanted_already else _complaints(ahead, new_ahead, accepted, lint)
    breaking = bool(complaints_ahead)
    complaints_behind = _complaints(behind, new_behind, accepted, lint)
    for migration in ahead:
        if migration.locks and migration.seconds > lock_seconds and migration.name not in accepted:
            wait = f"keeps others from {', '.join(migration.locks)} for up to {migration.seconds} s"
            complaints_ahead[migration.name] = [*complaints_ahead.get(migration.name, []), wait]
    reasons = [_line(migration, complaints_ahead.get(migration.name, [])) for migration in ahead]
    reasons += [
        _line(migration, complaints_behind[migration.name])
        for migration in behind
        if migration.name in complaints_behind
    ]
    reasons += _harmless([migration.name for migration in behind if migration.name not in complaints_behind])
    if left := [name for name in unknown if name not in accepted]:
        return Choice("refused", reasons, _left(left, stage, backups))
    if complaints_behind:
        return Choice("refused", reasons, _too_far(complaints_behind, stage, backups))
    if asked == "rolling" and complaints_ahead:
        return Choice("refused", reasons, _not_rolling(complaints_ahead))
    if asked == "auto":
        waits = complaints_ahead or one_web_host
        short = max(seconds, sum(migration.seconds for migration in ahead)) <= pause_seconds
        asked = "rolling" if not waits else "pause" if short else "maintenance"
    return Choice(asked, reasons, breaking=breaking)


def _complaints(
    migrations: list[Migration], new: Iterable[str], accepted: Iterable[str], lint: Linter
) -> dict[str, list[str]]:
    """Return what the other release cannot live with, by migration. The migrations are in their order.

    A table that it does not have is none of its business, whatever is done to it: one of the models that are `new`, or
    one that has no model, from the statement that creates it on.
    """
    unknown = set(new)
    found_in = {migration.name: _judge(migration, unknown, lint) for migration in migrations}
    return {name: complaints for name, complaints in found_in.items() if complaints and name not in set(accepted)}


def _judge(migration: Migration, unknown: set[str], lint: Linter) -> list[str]:
    """Return what is wrong with a migration; the tables that it makes join those that are `unknown`."""
    if migration.statements is None:
        return ["does what can only be told by running it"]
    subjects: dict[tuple[str, str], list[str]] = {}
    for statement in migration.statements:
        table, column, renamed = TABLE.match(statement), COLUMN.search(statement), RENAMED.search(statement)
        name = table.group(1) if table else ""
        if CREATED.match(statement):
            unknown.add(name)
        if name not in unknown:
            subjects.setdefault((name, column.group(1) if column else ""), []).append(statement)
        elif renamed:
            unknown.add(renamed.group(1))
    return sorted({complaint for statements in subjects.values() for complaint in lint(statements)})


def _line(migration: Migration, complaints: list[str]) -> str:
    measured = f" ({migration.seconds} s on a copy, {migration.writes} statements on rows)" if migration.seconds else ""
    return f"{migration.name}{measured}: {'; '.join(complaints) or 'both releases can live with it'}"


def _harmless(names: list[str]) -> list[str]:
    """Return a line for each application: of one that is gone, every migration is behind."""
    by_application: dict[str, list[str]] = {}
    for name in names:
        by_application.setdefault(name.partition(".")[0], []).append(name)
    named = [
        found[0] if len(found) == 1 else f"{name}, {len(found)} migrations" for name, found in by_application.items()
    ]
    return [f"{name}: both releases can live with it" for name in named]


def _listed(complaints: dict[str, list[str]]) -> str:
    return "\n".join(f"  {name}: {'; '.join(reasons)}" for name, reasons in complaints.items())


def _not_rolling(complaints: dict[str, list[str]]) -> str:
    return (
        "With deploy_strategy=rolling the running release would meet a schema that it cannot live with:\n"
        f"{_listed(complaints)}\n"
        "Leave deploy_strategy out, or set it to maintenance. If you know that the running release does live with "
        f"them, name them: -e deploy_accept_migrations={','.join(complaints)}"
    )


def _too_far(complaints: dict[str, list[str]], stage: str, backups: str) -> str:
    return (
        f"The database has migrations that this release does not know and cannot live with:\n{_listed(complaints)}\n"
        f"Either reverse them first, on a copy and then on the database: make reverse-migrations STAGE={stage}; or "
        f"restore the backup that the deploy of the newer release has made: make restore STAGE={stage} FROM=<its "
        f"name>, which ls -t {backups}/*-deploy.dump shows on the host of the backups. "
        f"If you know that this release does live with them, name them: "
        f"-e deploy_accept_migrations={','.join(complaints)}"
    )


def _left(names: list[str], stage: str, backups: str) -> str:
    return (
        "A deploy that died had closed the site, and the database has migrations that this release does not know: "
        f"{', '.join(names)}.\n"
        "Deploy the release that the dead deploy was of, which goes on from there, and go back then: "
        f"make rollback STAGE={stage} says how; or restore the backup that the dead deploy has made: "
        f"make restore STAGE={stage} FROM=<its name>, which ls -t {backups}/*-deploy.dump shows on the host of the "
        "backups. If you know that this release does live with them, name them: "
        f"-e deploy_accept_migrations={','.join(names)}"
    )
