# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter carpentries.amy.deploy_strategy."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_strategy
short_description: Choose how to deploy from what the migrations do
version_added: 0.1.0
author:
  - The carpentries.amy contributors (@carpentries)
description:
  - What the running release cannot live with is found by django-migration-linter in the SQL that a rehearsal has
    recorded.
requirements:
  - django-migration-linter and sqlparse on the controller
options:
  _input:
    description:
      - The migrations that the running release does not know, as in
        RV(carpentries.amy.release_migrate#module:evidence).
    type: list
    elements: dict
    required: true
  asked:
    description: What the operator asks for.
    type: str
    choices: [auto, rolling, hold, maintenance]
    default: auto
  behind:
    description: SQL of each applied migration that the wanted release does not know; null where it cannot be told.
    type: dict
    default: {}
  running_tables:
    description:
      - The tables of the running release's models, as RV(carpentries.amy.release_migrations_info#module:tables).
    type: list
    elements: str
    default: []
  wanted_tables:
    description: Those of the wanted release.
    type: list
    elements: str
    default: []
  unknown:
    description: Names of applied migrations that neither release knows, and that may be of a deploy that died.
    type: list
    elements: str
    default: []
  accepted:
    description: Names of migrations, separated by commas, that are known to do no harm.
    type: str
    default: ""
  wanted_already:
    description: Whether the running release wants the migrations itself, so that only their locks count.
    type: bool
    default: false
  lock_seconds:
    description: How long visitors may wait for a table that a migration locks.
    type: float
    default: 5
  hold_seconds:
    description: How long all commands of the deploy together may take while requests wait.
    type: float
    default: 5
  seconds:
    description: How long they took on the copy, with those that are no migrations; 0 where there was none.
    type: float
    default: 0
  one_web_host:
    description: Whether the stage has only one web host, which cannot leave the rotation without leaving nobody.
    type: bool
    default: false
  stage:
    description: The stage, for the commands that a refusal names.
    type: str
    required: true
  backups:
    description: The folder of backups, for the same.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Choose the way
  ansible.builtin.set_fact:
    choice: "{{ rehearsal.evidence | carpentries.amy.deploy_strategy(stage='production', backups='/srv/backups') }}"
"""

RETURN = r"""
_value:
  description: The choice.
  type: dict
  contains:
    strategy: {description: "V(rolling), V(hold), V(maintenance) or V(refused).", type: str}
    reasons: {description: A line for each migration., type: list, elements: str}
    breaking: {description: Whether the running release cannot live with the schema afterwards., type: bool}
    refusal: {description: "Why not to deploy, and what to do instead; or null.", type: str}
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils.deploy_strategy import Migration, choose

try:
    import sqlparse
    from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser
except ImportError:
    HAS_LINTER = False
else:
    HAS_LINTER = True


def lint(statements: list[str]) -> list[str]:
    """Return what an older release could not live with in some SQL statements, in the linter's own words.

    The linter looks for upper-case keywords with one blank between them, as Django writes them; authors of RunSQL do
    not. Its warnings are about locks, which the rehearsal has measured.
    """
    analyser = PostgresqlAnalyser(None)
    analyser.analyse(
        [" ".join(sqlparse.format(sql, keyword_case="upper", strip_comments=True).split()) for sql in statements]
    )
    return [issue.message.split(" (")[0] for issue in analyser.errors]


def deploy_strategy(
    ahead: list[dict[str, Any]],
    *,
    stage: str,
    backups: str,
    asked: str = "auto",
    behind: dict[str, list[str] | None] | None = None,
    running_tables: Iterable[str] = (),
    wanted_tables: Iterable[str] = (),
    unknown: list[str] | None = None,
    accepted: str = "",
    wanted_already: bool = False,
    lock_seconds: float = 5,
    hold_seconds: float = 5,
    seconds: float = 0,
    one_web_host: bool = False,
) -> dict[str, Any]:
    """Return the choice as a dict; see RETURN. Raises AnsibleFilterError when the linter is missing."""
    if not HAS_LINTER:
        raise AnsibleFilterError(
            "deploy_strategy needs django-migration-linter on this machine, to tell which migrations the running "
            "release can live with. Install it beside Ansible: pip install django-migration-linter"
        )
    choice = choose(
        asked=asked,
        ahead=[Migration(**dict(migration)) for migration in ahead],
        behind=[Migration(name, statements) for name, statements in (behind or {}).items()],
        new_ahead={*wanted_tables} - {*running_tables},
        new_behind={*running_tables} - {*wanted_tables},
        unknown=unknown or [],
        accepted=[name.strip() for name in accepted.split(",") if name.strip()],
        wanted_already=wanted_already,
        lock_seconds=lock_seconds,
        hold_seconds=hold_seconds,
        seconds=float(seconds),
        one_web_host=one_web_host,
        stage=stage,
        backups=backups,
        lint=lint,
    )
    return asdict(choice)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_strategy": deploy_strategy}
