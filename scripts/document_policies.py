# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables of docs/provisioning.md (kinds of hosts, security groups, policies) from the code that decides.

With `--check` nothing is written; the exit code is 1 when a table is not what it should be.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from plugins.module_utils.host_kinds import KINDS, NAMES
from plugins.module_utils.stage_policies import Statement, bucket_statements, host_statements
from scripts.generated import filled, keep

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/provisioning.md"


def documented(page: str) -> str:
    """`page` with each table in its place. Raises PlaceError."""
    tables = {
        "security groups": _security_groups(),
        "host kinds": _host_kinds(),
        "host policies": _host_policies(),
        "bucket policy": _statements(
            [(statement, "everyone") for statement in bucket_statements(bucket="BUCKET", host_roles="PROJECT-STAGE-*")]
        ),
    }
    for name, table in tables.items():
        page = filled(page, place=name, text=table)
    return page


def _host_kinds() -> str:
    rows = [
        f"| `{kind.name}` | {_use(takes_release=kind.takes_release, program=kind.program)} "
        f"| {'yes' if kind.serves_queues else 'no'} | {kind.holds or 'nothing'} | {_code(kind.security_groups)} |"
        for kind in KINDS
    ]
    return "\n".join(
        [
            "| kind | the release | for background jobs | its disk holds | security groups |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _use(*, takes_release: bool, program: str) -> str:
    return f"`{program}` runs it" if program else "is there for commands" if takes_release else "is not there"


def _host_policies() -> str:
    holders: dict[str, list[str]] = {}
    statements: dict[str, Statement] = {}
    for role in NAMES:
        for statement in host_statements(
            role=role,
            bucket="BUCKET",
            backup_prefix="backups",
            log_group="/PROJECT/STAGE",
            metrics_namespace="PROJECT/STAGE",
            kms_keys=["KEY"],
        ):
            statements[statement.sid] = statement
            holders.setdefault(statement.sid, []).append(role)
    return _statements([(statement, ", ".join(holders[sid])) for sid, statement in statements.items()])


def _statements(statements: list[tuple[Statement, str]]) -> str:
    rows = [
        f"| {statement.sid} | {who} | {statement.effect} {_code(statement.actions)} on {_code(statement.resources)}"
        f"{_conditions(statement)} | {statement.reason} |"
        for statement, who in statements
    ]
    return "\n".join(["| statement | applies to | what it says | why |", "|---|---|---|---|", *rows])


def _conditions(statement: Statement) -> str:
    said = [
        f"`{key}` {operator} `{value}`"
        for operator, keys in statement.conditions.items()
        for key, value in keys.items()
    ]
    return f" if {' and '.join(said)}" if said else ""


def _code(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _security_groups() -> str:
    rows = [
        f"| `{group['name']}` | {_ports(rule)} | {_source(rule)} | {why} |"
        for group in read_security_groups()
        for rule, why in _reasons(group)
    ]
    return "\n".join(["| group | ports | from | why |", "|---|---|---|---|", *rows])


def _reasons(group: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Each rule with its reason: what the group is for, or of further rules what they say themselves."""
    first, *others = group["rules"] or [{}]
    return [(first, group["description"]), *((rule, rule["rule_desc"]) for rule in others)]


def read_security_groups() -> list[dict[str, Any]]:
    """The security groups as role network creates them, with one controller, an old server, and IPv6."""
    loader = DataLoader()
    variables: dict[str, Any] = {}
    for file in ("defaults/main.yml", "vars/main.yml"):
        variables |= loader.load_from_file(str(ROOT / "roles/network" / file), trusted_as_template=True)
    variables |= {
        "network_name": "STAGE",
        "network_ipv6": True,
        "network_controller_cidrs": ["network_controller_cidrs"],
        "network_old_server_cidr": "network_old_server_cidr",
    }
    groups: list[dict[str, Any]] = Templar(loader=loader, variables=variables).template(
        variables["__network_security_groups"]
    )
    return groups


def _ports(rule: dict[str, Any]) -> str:
    return ", ".join(str(port) for port in rule["ports"]) if rule else "none"


def _source(rule: dict[str, Any]) -> str:
    if not rule:
        return "none; other groups name it"
    if "group_name" in rule:
        return f"group `{rule['group_name'].removeprefix('STAGE-')}`"
    blocks = rule.get("cidr_ip") or rule["cidr_ipv6"]
    return _code([blocks] if isinstance(blocks, str) else blocks)


if __name__ == "__main__":
    sys.exit(keep({PAGE: documented}, sys.argv[1:], description=__doc__))
