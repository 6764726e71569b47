# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a release which migrations it knows, which the database has, and what those do that another release lacks."""

from __future__ import annotations

from dataclasses import dataclass

from ._release_program import PRELUDE, Execute, ask

# What another release has replaced by a squashed migration does nothing to a database that has the replaced ones.
# The SQL of a migration that has to look at the database first (to find a constraint's name) cannot be told: null.
BODY = r"""
from django.db.migrations.loader import MigrationLoader

def statements(name):
    loader = MigrationLoader(connection, replace_migrations=False)
    migration = loader.graph.nodes[tuple(name.split(".", 1))]
    if migration.replaces:
        return []
    try:
        return [line for line in loader.collect_sql([(migration, False)]) if not line.startswith("--")]
    except Exception:
        return None

executor = MigrationExecutor(connection)
loader = executor.loader
known = [".".join(key) for key in loader.disk_migrations]
records = executor.recorder.applied_migrations()
# A squashed migration that counts as applied may have no record of its own.
applied = sorted(loader.applied_migrations, key=lambda key: records[key].id if key in records else 0)
applied = [".".join(key) for key in applied]
pending = [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(loader.graph.leaf_nodes())]
asked = [name for name in applied if name in known and name not in order["other"]] if order["other"] is not None else []
answer = {"known": known, "applied": applied, "pending": pending, "statements": {n: statements(n) for n in asked}}
print("\n" + json.dumps(answer))
"""
PROGRAM = PRELUDE + BODY


@dataclass(frozen=True)
class MigrationFacts:
    """Names as `app.0001_name`: those in the release, those applied, and those of the release not applied yet.

    Those applied are in the order in which they were. `statements` has the SQL of each applied migration that the other
    release lacks; None where it cannot be told.
    """

    known: list[str]
    applied: list[str]
    pending: list[str]
    statements: dict[str, list[str] | None]


def read(execute: Execute, *, other: list[str] | None) -> MigrationFacts:
    """Return a release's migrations; `other` are those that another release knows. Raises ReleaseProgramError."""
    return MigrationFacts(**ask(execute, {"other": other}))


def newer(facts: MigrationFacts) -> list[str]:
    """Return what was applied after all that the release knows: by a newer release, in all likelihood.

    Those that it does not know from before were removed from the application since; a database keeps their names.
    """
    known = set(facts.known)
    last = max((place for place, name in enumerate(facts.applied) if name in known), default=-1)
    return facts.applied[last + 1 :]
