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
    description: The fact C(deploy) of the controller, once the migrations have been compared and rehearsed.
    type: dict
    required: true
    suboptions:
      release:
        description: Id of the wanted release.
        type: str
        required: true
      plan:
        description: What P(carpentries.amy.deploy_plan#filter) says.
        type: dict
        required: true
      migrations:
        description:
          - How the two releases and the database differ. C(ahead) has the SQL of each applied migration that the
            running release does not know, C(behind) of those that the wanted one does not know, null where it cannot be
            told; C(newer) are the names of those that neither knows.
          - C(running_tables) and C(wanted_tables) are the tables of the releases' models, as in
            RV(carpentries.amy.release_migrations_info#module:tables).
        type: dict
        required: true
      rehearsal:
        description:
          - What was measured on a copy, if migrations are pending. C(evidence) as
            RV(carpentries.amy.release_migrate#module:evidence), and the C(seconds) that all commands of the deploy
            took.
        type: dict
      stage:
        description: The stage, for the commands that a refusal names.
        type: str
        required: true
      backups:
        description: The folder of backups, for the same.
        type: str
        required: true
  asked:
    description: What the operator asks for.
    type: str
    choices: [auto, rolling, pause, maintenance]
    default: auto
  accepted:
    description: Names of migrations, separated by commas, that are known to do no harm.
    type: str
    default: ""
  lock_seconds:
    description: How long visitors may wait for a table that a migration locks.
    type: float
    default: 5
  pause_seconds:
    description: How long all commands of the deploy together may take while requests wait.
    type: float
    default: 5
  one_web_host:
    description: Whether the stage has only one web host, which cannot leave the rotation because no other serves.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Choose the strategy
  ansible.builtin.set_fact:
    choice: "{{ deploy | carpentries.amy.deploy_strategy(one_web_host=groups.web | length == 1) }}"
"""

RETURN = r"""
_value:
  description: The choice.
  type: dict
  contains:
    strategy: {description: "V(rolling), V(pause), V(maintenance) or V(refused).", type: str}
    reasons: {description: A line for each migration., type: list, elements: str}
    breaking: {description: Whether the running release cannot live with the schema afterwards., type: bool}
    refusal: {description: "Why not to deploy, and what to do instead; or null.", type: str}
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.carpentries.amy.plugins.module_utils._deploy.strategy import Migration, choose

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
    deploy: Mapping[str, Any],
    *,
    asked: str = "auto",
    accepted: str = "",
    lock_seconds: float = 5,
    pause_seconds: float = 5,
    one_web_host: bool = False,
) -> dict[str, Any]:
    """Return the choice as a dict; see RETURN. Raises AnsibleFilterError when the linter is missing."""
    if not HAS_LINTER:
        raise AnsibleFilterError(
            "deploy_strategy needs django-migration-linter on this machine, to tell which migrations the running "
            "release can live with. Install it beside Ansible: pip install django-migration-linter"
        )
    plan, known, rehearsal = deploy["plan"], deploy["migrations"], deploy.get("rehearsal") or {}
    previous, wanted_already = plan["previous"], plan["previous"] == deploy["release"]
    running, wanted = {*known["running_tables"]}, {*known["wanted_tables"]}
    ahead = [Migration(name, statements) for name, statements in known["ahead"].items()]
    ahead += [Migration(**dict(migration)) for migration in rehearsal.get("evidence", ())]
    choice = choose(
        asked=asked,
        # Migrations happen to a release that runs: to none before the first one.
        ahead=ahead if previous is not None else [],
        behind=[Migration(name, statements) for name, statements in known["behind"].items()],
        new_ahead=wanted - running,
        new_behind=running - wanted,
        # Where the fleet runs the wanted release, no other can tell what a deploy that died has migrated.
        unknown=known["newer"] if plan["found_closed"] and wanted_already else [],
        accepted=[name.strip() for name in accepted.split(",") if name.strip()],
        wanted_already=wanted_already,
        lock_seconds=lock_seconds,
        pause_seconds=pause_seconds,
        seconds=float(rehearsal.get("seconds", 0)),
        one_web_host=one_web_host,
        stage=deploy["stage"],
        backups=deploy["backups"],
        lint=lint,
    )
    return asdict(choice)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"deploy_strategy": deploy_strategy}
