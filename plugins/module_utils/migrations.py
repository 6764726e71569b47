# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a Django application's migrations once at a time: under an advisory lock and with a lock timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._release_program import PRELUDE, TIMED_OUT, Execute, ReleaseProgramError, ask

# The lock is a transaction's: it ends with the process, so a killed migration leaves nothing to clear up, and a pooler
# keeps it as it keeps no session's. Limits are set by statements, which a pooler does not refuse as it does options.
BODY = r"""
import threading
from django.core.management.sql import emit_pre_migrate_signal
from django.db.backends.signals import connection_created

# Those of which others must wait, or wait for: https://www.postgresql.org/docs/current/explicit-locking.html
LOCKED = '''
SELECT DISTINCT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation
WHERE pid = %s AND granted AND relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^pg_'
AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
'''

# What the work needs, whatever the role, the database or the application has set; a server sets what it knows of these.
NEEDED = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
    "default_transaction_read_only": "off",
    "lock_timeout": f"{order['lock_timeout']}s",
}
CONCURRENTLY = re.compile(r"(CREATE|DROP|REINDEX|ALTER)\b.*\bCONCURRENTLY\b", re.IGNORECASE | re.DOTALL)
NEW_INDEX = re.compile(
    r'CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")+"|\w+)\s+ON\s', re.IGNORECASE
)

def ask_session(session, statement, *values):
    with session.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()

def limit(session, limits, *, local):
    values = ", ".join(f"('{name}', '{value}')" for name, value in limits.items())
    known = f"pg_settings JOIN (VALUES {values}) wanted(key, value) ON name = key"
    ask_session(session, f"SELECT set_config(name, value, {local}) FROM {known}")

class Limits:
    # Those of each session; where a pooler is between, which would hand them to other clients, of each transaction.
    # What runs concurrently blocks no one while it waits: it waits longer, and leaves no half of an index.
    def __init__(self):
        self.pooled, self.left = False, None
        connection_created.connect(self.begin)

    def begin(self, connection, **_):
        if connection.alias != "default":
            return
        session = connection.connection
        # A pooler makes up the process that it gives its clients for a cancellation.
        self.pooled = ask_session(session, "SELECT pg_backend_pid()")[0][0] != session.info.backend_pid
        if not self.pooled:
            limit(session, NEEDED, local=False)

    def __call__(self, execute, sql, params, many, context):
        database, text = context["connection"], str(sql).strip()
        if database.in_atomic_block:
            # 0 is idle: the statement begins the transaction.
            if self.pooled and database.connection.info.transaction_status == 0:
                limit(database.connection, NEEDED, local=True)
            return execute(sql, params, many, context)
        if not CONCURRENTLY.match(text):
            return execute(sql, params, many, context)
        self.drop_remains(database.connection, text, order["concurrent_timeout"])
        try:
            self.patiently(database.connection, order["concurrent_timeout"])
            return execute(sql, params, many, context)
        except Exception:
            self.drop_remains(database.connection, text, order["lock_timeout"])
            raise
        finally:
            self.patiently(database.connection, order["lock_timeout"])

    def patiently(self, session, seconds):
        if not self.pooled and not session.closed:
            limit(session, {"lock_timeout": f"{seconds}s"}, local=False)

    def drop_remains(self, session, text, patience):
        # An index that a statement has not finished: every write pays for it, no query uses it, and its name is taken.
        found = NEW_INDEX.match(text)
        if not found or session.closed:
            return
        invalid = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"
        if ask_session(session, invalid, found[1]):
            self.left = found[1]
            self.patiently(session, patience)
            with contextlib.suppress(Exception), session.cursor() as cursor:
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {found[1]}")
                self.left = None

class Deadline:
    # When the time is over, the statement that runs is cancelled, and none is begun: what was applied is known then. A
    # program that is killed leaves its statement to the server, which may end and commit it.
    def __init__(self, seconds):
        self.seconds, self.end, self.runs = seconds, time.monotonic() + seconds if seconds else None, False
        if seconds:
            threading.Thread(target=self.watch, daemon=True).start()

    @property
    def over(self):
        return self.end is not None and time.monotonic() >= self.end

    def watch(self):
        time.sleep(self.seconds)
        while True:
            if self.runs:
                with contextlib.suppress(Exception):
                    connection.connection.cancel()
            time.sleep(1)

    def __call__(self, execute, sql, params, many, context):
        if self.over:
            raise TimeoutError
        self.runs = context["connection"].alias == "default"
        try:
            return execute(sql, params, many, context)
        finally:
            self.runs = False

LOST = re.compile(r'(?:DROP TABLE|ALTER TABLE) "([^"]+)"(?: DROP COLUMN "([^"]+)")?')

class Evidence:
    # What each migration does: its statements but those on rows, how many of those, seconds, tables that it locks, and
    # how many rows or values go with the tables and columns that it drops.
    def __init__(self, watcher, loader):
        self.watcher, self.migrations = watcher, []
        # A squashed migration is recorded under the names that it replaces, too.
        squashed = [(key, m) for key, m in loader.disk_migrations.items() if key in loader.graph.nodes]
        self.squashed = {replaced: key for key, migration in squashed for replaced in migration.replaces}
        self.begin()

    def begin(self):
        self.statements, self.writes, self.locks, self.lost, self.started = [], 0, set(), {}, time.monotonic()

    def __call__(self, execute, sql, params, many, context):
        text = str(sql).strip()
        verb = text.split(None, 1)[0].upper() if text else ""
        if verb in ("ALTER", "DROP"):
            self.count_what_goes(text, context["connection"].connection)
        result = execute(sql, params, many, context)
        if text.startswith(('INSERT INTO "django_migrations"', 'DELETE FROM "django_migrations"')):
            self.end(".".join(self.squashed.get((params[0], params[1]), (params[0], params[1]))))
        elif verb in ("INSERT", "UPDATE", "DELETE"):
            self.writes += 1
        elif verb in ("ALTER", "CREATE", "DROP", "REINDEX", "TRUNCATE", "LOCK"):
            self.statements.append(text)
            with self.watcher.cursor() as cursor:
                cursor.execute(LOCKED, ask_session(context["connection"].connection, "SELECT pg_backend_pid()")[0])
                self.locks.update(row[0] for row in cursor.fetchall())
        return result

    def count_what_goes(self, text, session):
        # In the migration's own session: any other would wait for its locks.
        found = LOST.match(text)
        if found and (found[2] or text.startswith("DROP TABLE")):
            table, column = found[1], found[2]
            counted = f'"{column}"' if column else "*"
            with session.cursor() as cursor:
                cursor.execute(f'SELECT count({counted}) FROM "{table}"')
                self.lost[f"{table}.{column}" if column else table] = cursor.fetchone()[0]

    def end(self, name):
        if any(migration["name"] == name for migration in self.migrations):
            return
        self.migrations.append(
            {
                "name": name,
                "statements": self.statements,
                "writes": self.writes,
                "seconds": round(time.monotonic() - self.started, 2),
                "locks": sorted(self.locks),
                "lost": self.lost,
            }
        )
        self.begin()

def to_reverse(executor):
    keys = [tuple(name.split(".", 1)) for name in order["reverse"]]
    return [executor.loader.graph.nodes[key] for key in keys if key in executor.loader.applied_migrations]

def planned():
    executor = MigrationExecutor(connection)
    if order["reverse"] is not None:
        return [f"{m.app_label}.{m.name}" for m in to_reverse(executor)]
    return [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]

def reverse():
    # The command migrate takes targets, which reverse all that follows; the plan is of single migrations. Content types
    # follow the models that are renamed, for which they listen to the signal.
    executor = MigrationExecutor(connection)
    plan = [(migration, True) for migration in to_reverse(executor)]
    state = executor._create_project_state(with_applied_migrations=True)
    emit_pre_migrate_signal(1, False, connection.alias, apps=state.apps, plan=plan)
    executor.migrate(None, plan=plan, state=state.clone())

def locked(keeper, deadline):
    while True:
        with keeper.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [order["lock"]])
            if cursor.fetchone()[0]:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(1)


before = planned()
answer = {"pending": before, "applied": [], "left": [], "commands": [], "evidence": []}
answer |= {"failed": "", "output": "", "error": None, "seconds": 0, "late": False}
# The commands of a deploy may do more than migrate.
if (before or order["reverse"] is None) and not order["check_mode"]:
    limits = Limits()
    keeper = connection.copy()
    evidence = Evidence(keeper, MigrationExecutor(connection).loader)
    output, deadline, began = io.StringIO(), Deadline(order["timeout"]), time.monotonic()
    try:
        keeper.set_autocommit(False)
        with keeper.cursor() as cursor:
            # Or its snapshot would be the oldest, for which everything that runs concurrently waits.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        limit(keeper.connection, NEEDED, local=True)
        if not locked(keeper, time.monotonic() + order["lock_wait"]):
            # It may be a program that has lost its controller, and commit in a moment.
            answer["applied"] = None
            answer["error"] = f"another migration has held the lock for {order['lock_wait']} s"
        else:
            connection.close()
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                with contextlib.ExitStack() as wrappers:
                    for wrapper in (limits, evidence, deadline):
                        wrappers.enter_context(connection.execute_wrapper(wrapper))
                    if order["reverse"] is not None:
                        reverse()
                    else:
                        for command in order["commands"]:
                            answer["failed"] = command
                            call_command(*shlex.split(command))
                            answer["commands"].append(command)
                        answer["failed"] = ""
                if order["database"] and order["reverse"] is None:
                    call_command("check", databases=["default"])
    except (Exception, SystemExit) as error:
        answer["error"] = f"{type(error).__name__}: {error}".strip()
        if deadline.over:
            answer |= {"late": True, "error": f"they took longer than {deadline.seconds} s, and were ended."}
        if limits.left:
            answer["error"] += (
                f"\nThe index {limits.left} is there, is invalid and costs each write. The next deploy drops it first. "
                f"By hand: DROP INDEX CONCURRENTLY {limits.left}"
            )
    finally:
        keeper.close()
    if answer["applied"] is not None:
        try:
            # The connection that has migrated may be the one that broke.
            connection.close()
            after = planned()
            answer["applied"] = [name for name in before if name not in after]
            answer["left"] = after if order["reverse"] is None else []
        except Exception as error:
            answer["applied"] = None
            answer["error"] = answer["error"] or f"{type(error).__name__}: {error}".strip()
    answer["output"] = output.getvalue()[-4000:]
    answer["evidence"] = evidence.migrations
    answer["seconds"] = round(time.monotonic() - began, 2)
print("\n" + json.dumps(answer))
"""
PROGRAM = PRELUDE + BODY

# Any fixed number serves, as long as no other program uses it: the bytes of "amy-mig".
ADVISORY_LOCK = int.from_bytes(b"amy-mig", "big")

# How many seconds a statement waits that runs concurrently. It blocks no one, but a deploy does not wait for ever.
CONCURRENT_TIMEOUT = 600

# Of the migrations before and after a failure, those next to it are named: a list of all would hide why it failed.
NAMED = 2

# How many seconds longer a program may take that does not look at its time limit, as one that waits for another server.
GRACE = 60
# If they went on, the queues would be resumed meanwhile, for workers of the release before.
MORE_TIME = "Set release_migrate_timeout in the stage's inventory to the seconds that they need, then deploy again."

UNTOUCHED = "The database itself is untouched."
UNKNOWN = "It is not known which migrations were applied."
REMEDY = "Correct the migration or the data it stumbled over, then deploy again."
# Such a database would be migrated again by each deploy, and never be what the release wants.
ALL_OF_THEM = "Add migrate --noinput to release_migrate_commands in the stage's inventory, then deploy again."


class MigrationError(Exception):
    """The migrations did not all succeed; the message says which did, why the next did not, and what to do.

    `applied` are those that did; None if that is not known.
    """

    def __init__(self, message: str, *, applied: list[str] | None = None) -> None:
        super().__init__(message)
        self.applied = applied


@dataclass(frozen=True)
class Migrations:
    """What a run found and did: names as `app.0001_name`, in the order of the plan, and the `commands` that ran.

    `evidence` has for each applied migration its `name`, `statements` (all but those on rows), `writes` (how many of
    those), `seconds`, `locks`: the tables that were there before and that others could not write meanwhile, and `lost`:
    the rows of dropped tables and the values in dropped columns, by `table` or `table.column`. `seconds` is what all
    commands took.
    """

    pending: list[str]
    applied: list[str]
    commands: list[str]
    output: str
    evidence: list[dict[str, Any]]
    seconds: float


def migrate(
    execute: Execute,
    *,
    commands: list[str],
    lock_timeout: int,
    lock_wait: int,
    database: str | None,
    check_mode: bool,
    reverse: list[str] | None = None,
    server: dict[str, Any] | None = None,
    remedy: str = REMEDY,
    timeout: int = 0,
) -> Migrations:
    """Run the commands and return what happened; in check mode, what is pending. Times are seconds.

    `database` names another database, for a rehearsal; `server` has the `user` and `password` of the database's owner,
    and the `host` and `port` of another server, where these are not the release's own. `reverse` names migrations that
    are reversed, in this order, instead of any being applied: `pending` and `applied` are then what there was to
    reverse and what was. `remedy` ends the message of a failure. After `timeout` seconds the commands are
    ended, unless it is 0. Raises MigrationError when the program fails or reports an error.
    """
    order = {
        "commands": commands,
        "lock": ADVISORY_LOCK,
        "lock_timeout": lock_timeout,
        "lock_wait": lock_wait,
        "concurrent_timeout": CONCURRENT_TIMEOUT,
        "database": database,
        "server": server,
        "check_mode": check_mode,
        "reverse": reverse,
        "timeout": timeout,
    }
    try:
        answer = ask(execute, order)
    except ReleaseProgramError as error:
        late = f"The commands took longer than {timeout} s, and were ended. {MORE_TIME}"
        told = late if error.code == TIMED_OUT else error
        raise MigrationError(f"{told}\n{UNTOUCHED if database else UNKNOWN}") from error
    if answer["error"] or answer["left"]:
        failure = _failure(answer, rehearsed=bool(database), reversed_=reverse is not None, remedy=remedy)
        raise MigrationError(failure, applied=answer["applied"])
    return Migrations(
        answer["pending"],
        answer["applied"],
        answer["commands"],
        answer["output"],
        answer["evidence"],
        answer["seconds"],
    )


def _failure(answer: dict[str, Any], *, rehearsed: bool, reversed_: bool, remedy: str) -> str:
    where = "A copy of today's database" if rehearsed else "The database"
    what = "the reversal of migrations" if reversed_ else "the migrations"
    if answer.get("failed") and not answer["failed"].startswith("migrate"):
        what = f"manage.py {answer['failed']}"
    said = f"refused {what}: {answer['error']}"
    if not answer["error"]:
        said = f"still lacks migrations after release_migrate_commands ({', '.join(answer['commands'])})."
        remedy = ALL_OF_THEM
    if answer.get("late"):
        remedy = MORE_TIME
    return (
        f"{where} {said}\n"
        f"{_progress(answer, done='Reversed' if reversed_ else 'Applied')}\n{f'{UNTOUCHED} ' if rehearsed else ''}"
        f"The application's hosts still run the release they ran before. {remedy}"
    )


def _progress(answer: dict[str, Any], *, done: str) -> str:
    if answer["applied"] is None:
        return f"It is not known which migrations were {done.lower()}."
    if not answer["pending"]:
        return "There was no migration to apply."
    applied = answer["applied"]
    left = [name for name in answer["pending"] if name not in applied]
    before, after = len(applied) - NAMED, len(left) - NAMED
    last = [*([f"{before} more"] if before > 0 else []), *applied[-NAMED:]]
    first = [*left[:NAMED], *([f"{after} more"] if after > 0 else [])]
    return f"{done} before that: {', '.join(last) or 'none'}. Not {done.lower()}: {', '.join(first) or 'none'}."
