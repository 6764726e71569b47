# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a release which migrations it knows, which the database has, and what those do that another release lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._release_program import PRELUDE, Execute, ask
from .migrations import ADVISORY_LOCK

# The SQL of a migration that has to look at the database first (to find a constraint's name) cannot be told: null.
BODY = r"""
import functools
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

# Asked before what was applied is read: a migration that ends between the two counts as running.
MIGRATES = '''
SELECT EXISTS (
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND datname = current_database()
    AND classid::bigint << 32 | objid::bigint = %s
)
'''
with connection.cursor() as cursor:
    cursor.execute(MIGRATES, [order["lock"]])
    (migrates,) = cursor.fetchone()

executor = MigrationExecutor(connection)
loader = executor.loader
on_disk = {".".join(key): migration for key, migration in loader.disk_migrations.items()}
replaced = {name: [".".join(key) for key in migration.replaces] for name, migration in on_disk.items()}

@functools.lru_cache(maxsize=None)
def each_by_itself():
    return MigrationLoader(connection, replace_migrations=False)

def statements(name):
    # A squashed migration does nothing to a database that has what it replaces, and what is on disk of that speaks for
    # itself. Of the rest the other release may know all, none, or, which cannot be told, some.
    gone = [other for other in replaced[name] if other not in on_disk]
    lacking = [other for other in gone if other not in order["other"]]
    if replaced[name] and not lacking:
        return []
    if lacking != replaced[name]:
        return None
    try:
        alone = each_by_itself()
        migration = alone.graph.nodes[tuple(name.split(".", 1))]
        return [line for line in alone.collect_sql([(migration, False)]) if not line.startswith("--")]
    except Exception:
        return None

def operations(found):
    for operation in found:
        yield operation
        yield from operations(getattr(operation, "database_operations", []))

def described(operation):
    code = getattr(operation, "code", None)
    return f"{type(operation).__name__}: {code.__name__ if hasattr(code, '__name__') else operation.describe()}"

def vertex(migration):
    key = (migration.app_label, migration.name)
    return {
        "name": ".".join(key),
        "dependencies": sorted(".".join(parent.key) for parent in loader.graph.node_map[key].parents),
        "replaces": replaced[".".join(key)],
        "irreversible": [described(found) for found in operations(migration.operations) if not found.reversible],
    }

records = executor.recorder.applied_migrations()

def place(key):
    # A squashed migration has run when what it replaces was recorded; a record of its own comes later, if ever.
    replaces = loader.disk_migrations[key].replaces if key in loader.disk_migrations else []
    return min(records[recorded].id for recorded in [key, *replaces] if recorded in records)

applied = [".".join(key) for key in sorted(loader.applied_migrations, key=place)]
leaves = loader.graph.leaf_nodes()
compared = order["other"] is not None
answer = {
    "migrates": migrates,
    "known": sorted({*on_disk, *(name for names in replaced.values() for name in names)}),
    "applied": applied,
    "pending": [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(leaves)],
    "statements": {n: statements(n) for n in applied if compared and n in on_disk and n not in order["other"]},
    "tables": sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)}),
    "graph": [
        vertex(migration)
        for migration, _ in executor.migration_plan(leaves, clean_start=True)
        if compared and (migration.app_label, migration.name) in loader.applied_migrations
    ],
}
print("\n" + json.dumps(answer))
"""
PROGRAM = PRELUDE + BODY


@dataclass(frozen=True)
class MigrationFacts:
    """Names as `app.0001_name`: those that the release has or has replaced, those applied, and those not applied yet.

    Those applied are in the order in which they were; the database also records names that are in no release.
    `statements` has the SQL of each applied migration that the other release lacks; None where it cannot be told.
    `tables` are those of the release's models. `graph` has each applied migration of the release after all that it
    depends on, as `carpentries.amy.reversal_plan` takes it; it is empty where no other release is given. `migrates`
    tells that a deploy, maybe one whose controller has died, migrates the database at this moment.
    """

    known: list[str]
    applied: list[str]
    pending: list[str]
    statements: dict[str, list[str] | None]
    tables: list[str]
    graph: list[dict[str, Any]]
    migrates: bool = False


def read(execute: Execute, *, other: list[str] | None) -> MigrationFacts:
    """Return a release's migrations; `other` are those that another release knows. Raises ReleaseProgramError."""
    return MigrationFacts(**ask(execute, {"other": other, "lock": ADVISORY_LOCK}))


def newer(facts: MigrationFacts) -> list[str]:
    """Return what was applied after all that the release knows: by a newer release, in all likelihood.

    Those that it does not know from before were removed from the application since; a database keeps their names. An
    application that the release does not have is none of its business: a reversal leaves such a one there.
    """
    known = set(facts.known)
    applications = {name.partition(".")[0] for name in known}
    last = max((place for place, name in enumerate(facts.applied) if name in known), default=-1)
    return [name for name in facts.applied[last + 1 :] if name.partition(".")[0] in applications]
