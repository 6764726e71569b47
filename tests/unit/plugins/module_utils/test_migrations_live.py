# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs inside a real Django, on a real PostgreSQL: two releases of a shop, and the way back to the first one.

The newer one has an application of a third party that the older one has not: its first migration is a squashed one, and
another one cannot be reversed. Both have one that records names which are in no release.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.filter.deploy_strategy import deploy_strategy
from ansible_collections.carpentries.amy.plugins.filter.reversal_plan import reversal_plan
from ansible_collections.carpentries.amy.plugins.module_utils import migration_facts, migrations
from ansible_collections.carpentries.amy.plugins.module_utils._release_program import program_command

from tests.servers.pgbouncer import pooler
from tests.servers.postgresql import PASSWORD, USER, Cluster, binaries, cluster

NUMBERS = count()
# Its name, attributes, dependencies and operations.
Migration = tuple[str, str, list[tuple[str, str]], str]
SETTINGS = """
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "HOST": {host!r}, "NAME": {database!r},
                          "USER": {user!r}, "PASSWORD": {password!r}}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = {apps!r}
SECRET_KEY = "x"
USE_TZ = True
"""
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""
MIGRATION = """
from django.db import migrations, models

def destroy(apps, schema_editor): pass

class Migration(migrations.Migration):
    {0}
    dependencies = {1!r}
    operations = [{2}]
"""
ID = '("id", models.BigAutoField(primary_key=True))'
ITEM = 'models.ForeignKey("shop.Item", on_delete=models.CASCADE)'
TEXT = "models.CharField(max_length=9{0})"
MODEL = "from django.db import models\n"
# Of each application its models and its migrations.
SIGN_IN: tuple[str, list[Migration]] = (
    MODEL + "class Association(models.Model): pass\n",
    [
        (
            "0001_initial",
            'replaces = [("default", "0001_initial"), ("social", "0001_initial")]',
            [],
            f'migrations.CreateModel("Association", [{ID}])',
        )
    ],
)
SHOP_1: Migration = ("0001_initial", "", [], f'migrations.CreateModel("Item", [{ID}, ("name", {TEXT.format("")})])')
SHOP_2 = (
    "0002_rename",
    "",
    [("shop", "0001_initial"), ("tokens", "0013_required")],
    'migrations.RenameField("Item", "name", "title"), migrations.RenameModel("Item", "Article"), '
    'migrations.AddField("Article", "token", models.ForeignKey("tokens.Token", null=True, on_delete=models.CASCADE))',
)
TOKENS = (
    MODEL + f"class Token(models.Model):\n    item = models.ForeignKey('shop.Article', on_delete=models.CASCADE)\n"
    f"    digest = {TEXT.format('')}\n    required = {TEXT.format('')}\n"
    "    others = models.ManyToManyField('tokens.Token')\n",
    [
        (
            "0001_squashed_0002",
            'replaces = [("tokens", "0001_initial"), ("tokens", "0002_more")]',
            [("shop", "0001_initial")],
            f'migrations.CreateModel("Token", [{ID}, ("item", {ITEM}), '
            '("others", models.ManyToManyField("tokens.Token"))])',
        ),
        (
            "0006_digest",
            "",
            [("tokens", "0001_squashed_0002")],
            "migrations.RunPython(destroy), "
            f'migrations.AddField("Token", "digest", {TEXT.format("")}, preserve_default=False)'.replace(
                "max_length=9", "max_length=9, default=''"
            ),
        ),
        (
            "0013_required",
            "",
            [("tokens", "0006_digest")],
            f'migrations.AddField("Token", "required", {TEXT.format(", default=chr(48)")}, preserve_default=False)',
        ),
    ],
)
ITEM_MODEL = MODEL + f"class Item(models.Model):\n    name = {TEXT.format('')}\n"
ARTICLE_MODEL = (
    MODEL + f"class Article(models.Model):\n    title = {TEXT.format('')}\n"
    "    token = models.ForeignKey('tokens.Token', null=True, on_delete=models.CASCADE)\n"
)
OLDER: dict[str, Any] = {"sign_in": SIGN_IN, "shop": (ITEM_MODEL, [SHOP_1])}
NEWER: dict[str, Any] = {"sign_in": SIGN_IN, "shop": (ARTICLE_MODEL, [SHOP_1, SHOP_2]), "tokens": TOKENS}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Cluster]:
    """A server of this module's own."""
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server (initdb): apt-get install postgresql")
    with cluster(programs) as started:
        yield started


class Release:
    """A release on disk, and the programs in it."""

    def __init__(self, folder: Path, postgresql: Cluster, database: str, applications: dict[str, Any]) -> None:
        self.folder = folder
        for label, (models, found) in applications.items():
            package = folder / label / "migrations"
            package.mkdir(parents=True)
            for init in (package, package.parent):
                (init / "__init__.py").touch()
            (package.parent / "models.py").write_text(models)
            for name, *rest in found:
                (package / f"{name}.py").write_text(MIGRATION.format(*rest))
        (folder / "manage.py").write_text(MANAGE)
        labels = sorted(path.parent.name for path in folder.glob("*/migrations"))
        (folder / "settings.py").write_text(
            SETTINGS.format(
                host=str(postgresql.directory),
                database=database,
                user=USER,
                password=PASSWORD,
                apps=["django.contrib.contenttypes", *labels],
            )
        )

    def running(self, program: str) -> Callable[[str], tuple[int, str, str]]:
        """Return what runs a program in the release."""

        def execute(line: str) -> tuple[int, str, str]:
            command = [sys.executable, *program_command(release=self.folder, user=USER, program=program)[-4:]]
            done = subprocess.run(command, input=line, cwd=self.folder, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout, done.stderr

        return execute

    def migrate(self, *, lock_timeout: int = 5, **options: Any) -> migrations.Migrations:
        """Migrate the database, or reverse what the options say."""
        return migrations.migrate(
            self.running(migrations.PROGRAM),
            **{
                "commands": ["migrate --noinput"],
                "lock_timeout": lock_timeout,
                "lock_wait": 5,
                "database": None,
                "check_mode": False,
                **options,
            },
        )

    def facts(self, *, other: list[str] | None = None) -> migration_facts.MigrationFacts:
        """Ask the release about its migrations."""
        return migration_facts.read(self.running(migration_facts.PROGRAM), other=other)


@pytest.fixture(scope="module")
def deployed(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of the older and the newer release. Both were deployed, with an item of the older one."""
    folder = tmp_path_factory.mktemp("releases")
    postgresql.execute("postgres", f"CREATE DATABASE template_shop OWNER {USER}")
    older = Release(folder / "older", postgresql, "template_shop", OLDER)
    newer = Release(folder / "newer", postgresql, "template_shop", NEWER)
    older.migrate()
    postgresql.execute("template_shop", "INSERT INTO shop_item (name) VALUES ('book')")
    newer.migrate()
    return older.folder, newer.folder


@pytest.fixture
def database(postgresql: Cluster) -> str:
    """A database of the test's own."""
    name = f"shop{next(NUMBERS)}"
    postgresql.execute("postgres", f"CREATE DATABASE {name} OWNER {USER}")
    return name


@pytest.fixture
def releases(postgresql: Cluster, deployed: tuple[Path, Path], database: str) -> tuple[Release, Release]:
    """The two releases, and a copy of the database in which both were deployed."""
    postgresql.execute("postgres", f"DROP DATABASE {database}", f"CREATE DATABASE {database} TEMPLATE template_shop")
    older, newer = (Release(folder, postgresql, database, {}) for folder in deployed)
    return older, newer


def planned(older: Release, newer: Release) -> dict[str, Any]:
    """Plan the way back: what is reversed, what stays, and why it may be refused."""
    known = older.facts()
    lacking = newer.facts(other=known.known)
    plan: dict[str, Any] = reversal_plan(
        lacking.graph,
        known=known.known,
        statements=lacking.statements,
        tables=known.tables,
        older="v1",
        newer="v2",
        stage="test",
        backups={"host": "utility1", "folder": "/backups"},
    )
    return {name: plan[name] for name in ("reverse", "stays", "refusal")}


def test_a_squashed_migration_counts_from_when_it_ran(releases: tuple[Release, Release]) -> None:
    """Its own name may be recorded after all others."""
    applied = [
        name for name in releases[1].facts().applied if name in ("tokens.0001_squashed_0002", "tokens.0006_digest")
    ]
    assert applied == ["tokens.0001_squashed_0002", "tokens.0006_digest"]


def test_what_no_release_has_is_recorded_and_is_nothing_to_reverse(releases: tuple[Release, Release]) -> None:
    older, newer = releases
    facts = newer.facts(other=older.facts().known)
    assert {"default.0001_initial", "social.0001_initial", "tokens.0002_more"} <= {*facts.applied} & {*facts.known}
    assert [vertex["name"] for vertex in facts.graph if vertex["irreversible"]] == ["tokens.0006_digest"]
    assert "tokens.0001_initial" not in [vertex["name"] for vertex in facts.graph]
    assert facts.pending == older.facts().pending == []
    assert {"shop_article", "tokens_token", "tokens_token_others"} <= {*facts.tables}


def test_an_application_that_the_older_release_does_not_have_stays_though_it_cannot_be_reversed(
    releases: tuple[Release, Release], postgresql: Cluster, database: str
) -> None:
    older, newer = releases
    plan = planned(older, newer)
    assert plan == {
        "reverse": ["shop.0002_rename"],
        "stays": [
            "tokens stays: v1 does not have its tables; rows of shop_item that it refers to cannot be deleted meanwhile"
        ],
        "refusal": None,
    }
    done = newer.migrate(reverse=plan["reverse"])
    assert (done.applied, done.pending) == (["shop.0002_rename"], ["shop.0002_rename"])
    assert [found["name"] for found in done.evidence] == ["shop.0002_rename"]
    assert postgresql.query(database, "SELECT name FROM shop_item") == [("book",)]
    assert postgresql.query(database, "SELECT model FROM django_content_type WHERE app_label = 'shop'") == [("item",)]
    assert older.facts().pending == []
    assert migration_facts.newer(older.facts()) == []
    assert planned(older, newer)["reverse"] == []
    assert newer.facts().pending == ["shop.0002_rename"]
    assert newer.migrate().applied == ["shop.0002_rename"]


def test_a_rollback_counts_no_column_of_a_table_that_the_older_release_does_not_have(
    releases: tuple[Release, Release],
) -> None:
    older, newer = releases
    known = older.facts()
    lacking = newer.facts(other=known.known)
    deploy = {
        "release": "v1",
        "plan": {"previous": "v2", "found_closed": False},
        "migrations": {
            "ahead": {},
            "behind": lacking.statements,
            "newer": [],
            "running_tables": lacking.tables,
            "wanted_tables": known.tables,
        },
        "stage": "test",
        "backups": "/srv/b",
    }
    choice = deploy_strategy(deploy)
    assert choice["strategy"] == "refused"
    assert "tokens" not in choice["refusal"].partition("Either")[0]
    assert "shop.0002_rename: RENAMING" in choice["refusal"]


def test_the_evidence_names_a_squashed_migration_once_by_its_own_name(
    postgresql: Cluster, database: str, tmp_path: Path
) -> None:
    names = [found["name"] for found in Release(tmp_path, postgresql, database, OLDER).migrate().evidence]
    assert sorted(set(names)) == sorted(names)
    assert "sign_in.0001_initial" in names
    assert "default.0001_initial" not in names


def test_a_reversal_that_fails_says_what_was_reversed_and_what_to_do(
    releases: tuple[Release, Release], postgresql: Cluster, database: str
) -> None:
    _, newer = releases
    postgresql.execute(database, "ALTER TABLE shop_article RENAME COLUMN token_id TO lost")
    with pytest.raises(migrations.MigrationError) as raised:
        newer.migrate(reverse=["shop.0002_rename"], remedy="Run: make restore STAGE=test FROM=<backup>")
    message = str(raised.value)
    assert "The database refused the reversal of migrations" in message
    assert "Reversed before that: none. Not reversed: shop.0002_rename." in message
    assert message.endswith("make restore STAGE=test FROM=<backup>")
    assert "deploy again" not in message


def test_a_release_that_has_squashed_what_the_older_one_has_reverses_nothing(
    postgresql: Cluster, database: str, tmp_path: Path
) -> None:
    """The squashed migration counts as applied, is unknown to the older release, and is no work of the newer one's."""
    second = (
        "0002_more",
        "",
        [("shop", "0001_initial")],
        f'migrations.AddField("Item", "more", {TEXT.format(", null=True")})',
    )
    older = Release(tmp_path / "older", postgresql, database, {"shop": (ITEM_MODEL, [SHOP_1, second])})
    squashed: Migration = (
        "0001_squashed_0002",
        'replaces = [("shop", "0001_initial"), ("shop", "0002_more")]',
        [],
        f'migrations.CreateModel("Item", [{ID}])',
    )
    newer = Release(tmp_path / "newer", postgresql, database, {"shop": (ITEM_MODEL, [squashed])})
    older.migrate()
    newer.migrate()
    assert newer.facts(other=older.facts().known).statements == {"shop.0001_squashed_0002": []}
    assert planned(older, newer) == {"reverse": [], "stays": [], "refusal": None}


def test_a_release_without_migrations_gets_the_table_that_a_command_makes(
    postgresql: Cluster, database: str, tmp_path: Path
) -> None:
    release = Release(tmp_path, postgresql, database, OLDER)
    release.migrate()
    done = release.migrate(commands=["migrate --noinput", "createcachetable cache_rows"])
    assert (done.pending, done.applied) == ([], [])
    assert done.commands == ["migrate --noinput", "createcachetable cache_rows"]
    assert postgresql.query(database, "SELECT count(*) FROM cache_rows") == [(0,)]


FAST = 'migrations.RunSQL("CREATE INDEX CONCURRENTLY \\"nick\\" ON \\"shop_item\\" (\\"name\\")")'
GONE = 'migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS \\"nick\\"")'
SLOW = 'migrations.RunSQL("SELECT pg_sleep(1.5)"), migrations.RunSQL("CREATE TABLE late (id int)")'
AFTER: list[tuple[str, str]] = [("shop", "0001_initial")]


def with_a_second(
    folder: Path, postgresql: Cluster, database: str, operation: str, attributes: str = "atomic = False"
) -> Release:
    """A release whose second migration has `operation`; the first is applied."""
    Release(folder / "older", postgresql, database, {"shop": (ITEM_MODEL, [SHOP_1])}).migrate()
    second: Migration = ("0002_more", attributes, AFTER, operation)
    return Release(folder / "newer", postgresql, database, {"shop": (ITEM_MODEL, [SHOP_1, second])})


def looking_on(postgresql: Cluster, database: str, seconds: float) -> Callable[[], None]:
    """A report that reads a table in one long transaction, as it was when it began; it has begun.

    It ends after so many seconds, or when what is returned is called, which waits for its end.
    """
    session, enough = postgresql.connect(database), threading.Event()
    with session.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM shop_item")

    def look() -> None:
        enough.wait(seconds)
        session.close()

    def end() -> None:
        enough.set()
        thread.join()

    thread = threading.Thread(target=look)
    thread.start()
    return end


@pytest.mark.parametrize(("operation", "left"), [(FAST, [(True,)]), (GONE, [])], ids=["create", "drop"])
def test_an_index_is_made_and_dropped_concurrently_however_long_others_look_on(
    postgresql: Cluster, database: str, tmp_path: Path, operation: str, left: list[tuple[bool]]
) -> None:
    release = with_a_second(tmp_path, postgresql, database, operation)
    if operation == GONE:
        postgresql.execute(database, "CREATE INDEX nick ON shop_item (name)")
    end = looking_on(postgresql, database, 6)
    assert release.migrate(lock_timeout=1).applied == ["shop.0002_more"]
    end()
    assert postgresql.query(database, VALID) == left


VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('nick')"


def test_an_index_that_cannot_be_made_leaves_nothing_that_the_next_deploy_stumbles_over(
    postgresql: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = with_a_second(tmp_path, postgresql, database, FAST)
    monkeypatch.setattr(migrations, "CONCURRENT_TIMEOUT", 1)
    end = looking_on(postgresql, database, 60)
    with pytest.raises(migrations.MigrationError, match="lock timeout") as raised:
        release.migrate(lock_timeout=1)
    assert 'The index "nick" is there, is invalid' in str(raised.value)
    assert "DROP INDEX CONCURRENTLY" in str(raised.value)
    end()
    assert postgresql.query(database, VALID) == [(False,)]
    assert release.migrate(lock_timeout=1).applied == ["shop.0002_more"]
    assert postgresql.query(database, VALID) == [(True,)]


def test_an_index_that_others_have_made_is_left_alone(postgresql: Cluster, database: str, tmp_path: Path) -> None:
    release = with_a_second(tmp_path, postgresql, database, FAST)
    postgresql.execute(database, "CREATE INDEX nick ON shop_item (id)")
    with pytest.raises(migrations.MigrationError, match='relation "nick" already exists'):
        release.migrate()
    assert postgresql.query(database, VALID) == [(True,)]


def test_commands_end_before_the_hold_that_they_need(postgresql: Cluster, database: str, tmp_path: Path) -> None:
    release = with_a_second(tmp_path, postgresql, database, 'migrations.RunSQL("SELECT pg_sleep(60)")', "")
    began = time.monotonic()
    with pytest.raises(migrations.MigrationError, match="took longer than 2 s, and were ended") as raised:
        release.migrate(timeout=2)
    assert time.monotonic() - began < 30
    # What has been applied is known, and nothing of it goes on in the server.
    assert raised.value.applied == []
    assert postgresql.query(database, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'") == []


def test_a_command_of_many_short_statements_ends_as_well(postgresql: Cluster, database: str, tmp_path: Path) -> None:
    many = "def destroy(apps, schema_editor):\n    while True: schema_editor.execute('SELECT pg_sleep(0.1)')\n"
    release = with_a_second(tmp_path, postgresql, database, "migrations.RunPython(destroy)", "")
    path = release.folder / "shop/migrations/0002_more.py"
    path.write_text(path.read_text().replace("def destroy(apps, schema_editor): pass\n", many))
    with pytest.raises(migrations.MigrationError, match="took longer than 2 s, and were ended"):
        release.migrate(timeout=2)


def test_what_is_not_concurrent_still_waits_for_no_one(postgresql: Cluster, database: str, tmp_path: Path) -> None:
    release = with_a_second(
        tmp_path, postgresql, database, FAST + ', migrations.RunSQL("ALTER TABLE shop_item ADD COLUMN x int")'
    )
    postgresql.execute(database, "CREATE INDEX nick2 ON shop_item (name)")
    lock = postgresql.connect(database)
    lock.autocommit = False
    lock.cursor().execute("LOCK TABLE shop_item IN ACCESS SHARE MODE")
    with pytest.raises(migrations.MigrationError, match="lock timeout"):
        release.migrate(lock_timeout=1)
    lock.close()


HOSTILE = {
    "statement_timeout": "1s",
    "idle_in_transaction_session_timeout": "700ms",
    "idle_session_timeout": "700ms",
    "lock_timeout": "1ms",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
}


@pytest.mark.parametrize("attributes", ["", "atomic = False"], ids=["atomic", "by itself"])
def test_limits_of_the_role_end_no_migration(
    postgresql: Cluster, database: str, tmp_path: Path, attributes: str
) -> None:
    release = with_a_second(tmp_path, postgresql, database, SLOW, attributes)
    for name, value in HOSTILE.items():
        postgresql.execute("postgres", f"ALTER ROLE {USER} SET {name} = '{value}'", user="postgres")
    try:
        assert release.migrate().applied == ["shop.0002_more"]
    finally:
        postgresql.execute("postgres", f"ALTER ROLE {USER} RESET ALL", user="postgres")
    assert [found["name"] for found in release.migrate(reverse=None).evidence] == []


@pytest.fixture(scope="module")
def pooled(postgresql: Cluster) -> Iterator[Cluster]:
    """PgBouncer before the server."""
    with pooler(postgresql) as started:
        yield started


def test_a_pooler_serves_migrations_and_keeps_none_of_their_limits(
    postgresql: Cluster, pooled: Cluster, database: str, tmp_path: Path
) -> None:
    release = with_a_second(tmp_path, pooled, database, SLOW, "")
    assert release.migrate().applied == ["shop.0002_more"]
    for _ in range(4):
        assert pooled.query(database, "SHOW lock_timeout") == [("0",)]
    # No statement waits for long.
    lock = postgresql.connect(database)
    lock.autocommit = False
    lock.cursor().execute("LOCK TABLE late IN ACCESS SHARE MODE")
    third: Migration = ("0003_x", "", [("shop", "0002_more")], 'migrations.RunSQL("ALTER TABLE late ADD COLUMN x int")')
    second: Migration = ("0002_more", "", AFTER, SLOW)
    newest = Release(tmp_path / "newest", pooled, database, {"shop": (ITEM_MODEL, [SHOP_1, second, third])})
    with pytest.raises(migrations.MigrationError, match="lock timeout"):
        newest.migrate(lock_timeout=1)
    lock.close()


def test_two_migrations_through_a_pooler_exclude_each_other(
    postgresql: Cluster, pooled: Cluster, database: str, tmp_path: Path
) -> None:
    # It goes on until this session ends, however long the second one takes to start on a busy machine.
    session = postgresql.connect(database)
    session.cursor().execute("SELECT pg_advisory_lock(4711)")
    waits = "DO $$ BEGIN WHILE NOT pg_try_advisory_xact_lock(4711) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$"
    release = with_a_second(tmp_path, pooled, database, f'migrations.RunSQL("{waits}")', "")
    first = threading.Thread(target=release.migrate)
    first.start()
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid <> 4711"
    while not postgresql.query(database, held):
        time.sleep(0.1)
    assert release.facts().migrates
    with pytest.raises(migrations.MigrationError, match="another migration has held the lock"):
        release.migrate()
    session.close()
    first.join()
    assert not release.facts().migrates
    assert release.migrate().applied == []


def test_the_applications_own_pool_has_no_part_in_migrations(
    postgresql: Cluster, database: str, tmp_path: Path
) -> None:
    release = Release(tmp_path, postgresql, database, {"shop": (ITEM_MODEL, [SHOP_1])})
    with (tmp_path / "settings.py").open("a") as settings:
        # Django refuses a pool with this client of PostgreSQL, so a session that would use one fails.
        settings.write("DATABASES['default']['OPTIONS'] = {'pool': True}\n")
    assert "shop.0001_initial" in release.migrate().applied


def test_a_second_database_of_another_kind_keeps_its_own_settings(
    postgresql: Cluster, database: str, tmp_path: Path
) -> None:
    release = Release(tmp_path, postgresql, database, {"shop": (ITEM_MODEL, [SHOP_1])})
    with (tmp_path / "settings.py").open("a") as settings:
        settings.write(
            f"DATABASES['archive'] = {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': '{tmp_path}/archive'}}\n"
        )
    commands = ["migrate --noinput", "migrate --noinput --database archive"]
    assert "shop.0001_initial" in release.migrate(commands=commands).applied
