# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database is besides its tables and their rows: what of it a dump lacks, or does not restore by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import psycopg2

from .database import fetch, quoted

# In the place of names: of the owner of what a right is about, and of PUBLIC.
OWNER, PUBLIC = "OWNER", "PUBLIC"
# These have a list of names, which is stored as SQL.
LISTS = ("local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces")

NAMES = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')

# A server of another version has other columns.
DATABASE = """
SELECT to_jsonb(d), pg_encoding_to_char(encoding), coalesce(shobj_description(oid, 'pg_database'), ''),
       CASE WHEN datdba = quote_ident(current_user)::regrole THEN '' ELSE quote_ident(pg_get_userbyid(datdba)) END
FROM pg_database d WHERE datname = current_database()
"""
SETTINGS = """
SELECT CASE setrole WHEN 0 THEN '' WHEN quote_ident(current_user)::regrole THEN 'OWNER'
            ELSE quote_ident(pg_get_userbyid(setrole)) END, unnest(setconfig)
FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database() ORDER BY 1, 2
"""
# What the user has made, and what others have made that the user may read. ALTER and GRANT both know these kinds.
OBJECTS = """
WITH object AS (
    SELECT 'pg_namespace'::regclass AS class, oid, 'SCHEMA' AS kind, oid AS namespace, nspowner AS owner, nspacl AS acl
    FROM pg_namespace
  UNION ALL
    SELECT 'pg_class'::regclass, oid, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relnamespace,
           relowner, relacl
    FROM pg_class WHERE relpersistence <> 't'
    AND (relkind IN ('v', 'm', 'f') OR relkind IN ('r', 'p', 'S') AND has_table_privilege(oid, 'SELECT'))
  UNION ALL
    SELECT 'pg_proc'::regclass, oid, 'ROUTINE', pronamespace, proowner, proacl FROM pg_proc
  UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 'TYPE', typnamespace, typowner, typacl
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
    WHERE typtype IN ('d', 'e', 'r') OR typtype = 'c' AND relkind = 'c'
), known AS (
    SELECT o.*, kind || ' ' || identity AS name FROM object o JOIN pg_namespace n ON n.oid = namespace,
    pg_identify_object(class, o.oid, 0)
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE classid = class AND objid = o.oid AND deptype = 'e')
)
"""
# An object without a list of its own has the rights that any new one has.
RIGHTS = """
, list AS (
    SELECT name, '' AS columns, owner, acl FROM known
  UNION ALL
    SELECT name, ' (' || quote_ident(attname) || ')', owner, attacl FROM known
    JOIN pg_attribute ON class = 'pg_class'::regclass AND attrelid = oid
  UNION ALL
    SELECT 'DATABASE', '', datdba, datacl FROM pg_database WHERE datname = current_database()
  UNION ALL
    SELECT 'FOR ROLE ' || CASE WHEN defaclrole = quote_ident(current_user)::regrole THEN 'OWNER'
                               ELSE quote_ident(pg_get_userbyid(defaclrole)) END
           || coalesce(' IN SCHEMA ' || quote_ident(nspname), '') || ' ON '
           || CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
                                 WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END,
           '', defaclrole, defaclacl
    FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
)
SELECT name, string_agg(privilege_type || columns, ', ' ORDER BY privilege_type || columns) || ' TO '
       || CASE grantee WHEN 0 THEN 'PUBLIC' WHEN owner THEN 'OWNER' ELSE quote_ident(pg_get_userbyid(grantee)) END
       || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
FROM (SELECT DISTINCT name, columns, owner, privilege_type, grantee, is_grantable FROM list, aclexplode(acl)) granted
GROUP BY name, owner, grantee, is_grantable ORDER BY 1, 2
"""
# A sequence that belongs to a column has the owner of its table.
OWNERS = """
SELECT name, quote_ident(pg_get_userbyid(owner)) FROM known
WHERE owner <> quote_ident(current_user)::regrole AND NOT (kind = 'SEQUENCE' AND EXISTS (
    SELECT FROM pg_depend WHERE classid = class AND objid = oid AND refclassid = class AND deptype IN ('a', 'i')
)) ORDER BY 1
"""
COMMENTS = """
SELECT name || coalesce('.' || quote_ident(attname), ''), description
FROM known JOIN pg_description ON classoid = class AND objoid = oid
LEFT JOIN pg_attribute ON objsubid > 0 AND attrelid = oid AND attnum = objsubid
WHERE oid >= 16384 ORDER BY 1
"""
EXTENSIONS = """
SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname <> 'plpgsql' ORDER BY 1
"""


@dataclass(frozen=True)
class Description:
    """A database besides its tables. Names are as SQL has them; those of roles may be OWNER or PUBLIC.

    `locale` are the words of CREATE DATABASE. `settings` are pairs of a role (empty for all) and `name=value`, `rights`
    what was granted, as `SELECT TO redash`, by the object, by `DATABASE`, or by what ALTER DEFAULT PRIVILEGES calls it.
    `owners` are those of objects that the user does not own; `owner` is the database's, empty if that is the user.
    """

    locale: dict[str, str]
    settings: list[list[str]] = field(default_factory=list)
    connection_limit: int = -1
    comment: str = ""
    owner: str = ""
    rights: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Description:
        """Return the description in a manifest; fields that a later version has added are passed over."""
        return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})

    def parts(self) -> dict[str, Any]:
        """Return all of it by the names that an operator would give the parts."""
        settings = {f"setting {_setting(*pair)}": True for pair in self.settings}
        return {
            **{f"locale {word}": value for word, value in self.locale.items()},
            **settings,
            "connection limit": self.connection_limit,
            "comment of the database": self.comment,
            "owner of the database": self.owner,
            **{f"rights {name}": granted for name, granted in self.rights.items()},
            **{f"owner of {name}": owner for name, owner in self.owners.items()},
            **{f"comment of {name}": comment for name, comment in self.comments.items()},
            **{f"extension {name}": schema for name, schema in self.extensions.items()},
        }


def describe(connected: Any) -> Description:
    """Describe the database of a connection whose search path is PostgreSQL's own catalog."""
    ((database, encoding, comment, owner),) = fetch(connected, DATABASE)
    rights: dict[str, list[str]] = {}
    for name, granted in fetch(connected, OBJECTS + RIGHTS):
        rights.setdefault(name, []).append(granted)
    return Description(
        locale=_locale(database, encoding),
        settings=[list(pair) for pair in fetch(connected, SETTINGS)],
        connection_limit=database["datconnlimit"],
        comment=comment,
        owner=owner,
        rights=rights,
        owners=dict(fetch(connected, OBJECTS + OWNERS)),  # type: ignore[arg-type]
        comments=dict(fetch(connected, OBJECTS + COMMENTS)),  # type: ignore[arg-type]
        extensions=dict(fetch(connected, EXTENSIONS)),  # type: ignore[arg-type]
    )


def create_statement(database: str, description: Description | None) -> str:
    """Return the statement that creates an empty database as described."""
    words = description.locale if description else {}
    options = " ".join(f"{word} {_literal(value)}" for word, value in words.items())
    return f"CREATE DATABASE {quoted(database)} TEMPLATE template0 {options}".strip()


def apply(connected: Any, wanted: Description) -> dict[str, str]:
    """Make the database of a connection, in which each statement is a transaction, what is wanted.

    Return what the server refused, by the names of the parts, with its reason.
    """
    refused: dict[str, str] = {}
    there, parts = describe(connected), wanted.parts()
    same = {part for part, value in there.parts().items() if parts.get(part) == value}
    database, user = fetch(connected, "SELECT quote_ident(current_database()), quote_ident(current_user)")[0]
    for part, statements in _statements(wanted, database=database, user=user, owners=there.owners):
        if part in same:
            continue
        for statement in statements:
            try:
                with connected.cursor() as cursor:
                    # What is written in a manifest is as trusted as the dump beside it.
                    cursor.execute(statement)
            except psycopg2.Error as error:
                refused.setdefault(part, f"{str(error).strip().splitlines()[0]} ({statement})")
    return refused


def differences(wanted: Description, found: Description) -> list[str]:
    """Return the names of the parts in which two databases differ."""
    one, other = wanted.parts(), found.parts()
    return sorted(part for part in {*one, *other} if one.get(part) != other.get(part))


def _locale(database: dict[str, Any], encoding: str) -> dict[str, str]:
    provider = {"i": "icu", "b": "builtin"}.get(database.get("datlocprovider", "c"), "libc")
    # It is `daticulocale` in PostgreSQL 15 and 16.
    locale = database.get("datlocale") or database.get("daticulocale")
    words = {"ENCODING": encoding, "LC_COLLATE": database["datcollate"], "LC_CTYPE": database["datctype"]}
    if provider != "libc":
        words |= {"LOCALE_PROVIDER": provider, "ICU_LOCALE" if provider == "icu" else "BUILTIN_LOCALE": locale}
    if database.get("daticurules"):
        words["ICU_RULES"] = database["daticurules"]
    return words


def _statements(
    wanted: Description, *, database: str, user: str, owners: dict[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Give, by parts, the statements that make them. Owners come last: who gives a thing away may not change it."""
    for role, setting in wanted.settings:
        whose = f"ROLE {user if role == OWNER else role} IN DATABASE {database}" if role else f"DATABASE {database}"
        name, _equals, value = setting.partition("=")
        stored = ", ".join(map(_literal, _names(value))) if name in LISTS else _literal(value)
        yield f"setting {_setting(role, setting)}", [f"ALTER {whose} SET {quoted(name)} = {stored}"]
    yield "connection limit", [f"ALTER DATABASE {database} CONNECTION LIMIT {wanted.connection_limit:d}"]
    yield "comment of the database", [f"COMMENT ON DATABASE {database} IS {_literal(wanted.comment)}"]
    for name, granted in wanted.rights.items():
        yield f"rights {name}", list(_grants(name, granted, database=database, user=owners.get(name, user)))
    for name, comment in wanted.comments.items():
        # It was restored with what it is about, unless that was left out.
        yield f"comment of {name}", [f"COMMENT ON {name} IS {_literal(comment)}"]
    # A new database has what another owns, as the schema `public`.
    for name, owner in {**dict.fromkeys(owners, user), **wanted.owners}.items():
        yield f"owner of {name}", [f"ALTER {name} OWNER TO {owner}"]
    yield "owner of the database", [f"ALTER DATABASE {database} OWNER TO {wanted.owner or user}"]


def _grants(name: str, granted: list[str], *, database: str, user: str) -> Iterator[str]:
    beginning, what = "", f"DATABASE {database}" if name == "DATABASE" else name
    if name.startswith("FOR ROLE "):
        scope, _on, what = name.rpartition(" ON ")
        scope = scope.replace(f"FOR ROLE {OWNER}", f"FOR ROLE {user}", 1)
        beginning = f"ALTER DEFAULT PRIVILEGES {scope} "
    # Rights by default end once anything was granted or revoked.
    yield f"{beginning}REVOKE ALL ON {what} FROM {PUBLIC}"
    yield f"{beginning}REVOKE ALL ON {what} FROM {user}"
    for grant in granted:
        privileges, _to, to = grant.partition(" TO ")
        role, option, _end = to.partition(" WITH GRANT OPTION")
        yield f"{beginning}GRANT {privileges} ON {what} TO {user if role == OWNER else role}{option}"


def _names(text: str) -> list[str]:
    """Return the names in a list that is stored as SQL."""
    return [quoted.replace('""', '"') or plain for quoted, plain in NAMES.findall(text)]


def _setting(role: str, setting: str) -> str:
    return f"{setting} of {role}" if role else setting


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'" if "\\" in text else f"'{escaped}'"
