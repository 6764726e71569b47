# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks know: each name that they read is written somewhere, and each that they write is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from jinja2 import meta

from plugins.module_utils._status.probes import PROBES

ROOT = Path(__file__).resolve().parents[2]
# Jinja reads strings as Python does; a block of YAML escapes nothing.
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")
# Keywords whose value is an expression without braces.
EXPRESSIONS = {"when", "that", "changed_when", "failed_when", "until"}
# What an operator gives on the command line, or a stage may say; what amazon.aws says of hosts; what a move found.
GIVEN = {
    *(
        "deploy_accept_jobs",
        "deploy_hooks",
        "deploy_accept_migrations",
        "deploy_strategy",
        "restore_from",
        "maintenance_at",
        "cloudfront",
    ),
    *(
        "deprovision_confirm",
        "jobs_confirm",
        "modernize_confirm",
        "restore_confirm",
        "reversal_confirm",
        "scale_in_confirm",
    ),
    *("jobs_from", "jobs_mode", "jobs_names", "jobs_version", "logs_host", "logs_since", "logs_text", "status_file"),
    *("shell_file", "shell_host", "shell_manage", "shell_terminal"),
    *("modernize_again", "modernize_certificate_days", "modernize_phase", "modernize_redis_version", "old_server"),
    *("modernize_retired_services", "modernize_static_page", "modernize_stragglers", "modernize_stragglers_timeout"),
    *("stage_log_sources", "stage_redis_database", "stage_redis_user", "ec2_instance_id", "ec2_tags"),
}
# Ansible's own.
MAGIC = {
    "groups",
    "group_names",
    "hostvars",
    "inventory_dir",
    "inventory_hostname",
    "item",
    "lookup",
    "now",
    "omit",
    "query",
}


class Every(dict[str, Any]):
    """Filters and tests by any name: only variables are looked for."""

    def get(self, _name: str, _default: Any = None) -> Any:
        """A function for every name."""
        return lambda value: value


JINJA = jinja2.Environment(autoescape=False)  # noqa: S701 - nothing is rendered
JINJA.filters, JINJA.tests = Every(), Every()


def documents(*folders: str) -> Iterator[tuple[Path, Any]]:
    """The YAML files below the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.yml")):
            yield path, yaml.safe_load(path.read_text(encoding="utf-8"))


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth; the items of a list have the list's key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key), item
            yield from pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item)


def texts(key: str, value: Any) -> Iterator[str]:
    """The templates in a value; those of a keyword that wants an expression get their braces."""
    if isinstance(value, list):
        for item in value:
            yield from texts(key, item)
    elif isinstance(value, str):
        yield "{{ " + value + " }}" if key in EXPRESSIONS and "{{" not in value else value


def reads(document: Any) -> set[str]:
    """The variables that a document reads."""
    found = [text for key, value in pairs(document) for text in texts(key, value) if "{{" in text or "{%" in text]
    return {name for text in found for name in meta.find_undeclared_variables(JINJA.parse(text))}


def writes(document: Any) -> set[str]:
    """The variables that tasks of a document write: registered, or set as facts."""
    return {
        name
        for key, value in pairs(document)
        for name in ([value] if key == "register" else value if key == "ansible.builtin.set_fact" else [])
        if name != "cacheable"
    }


def said(document: Any) -> set[str]:
    """The variables that a document says: its vars, its loops', and the names of a file of variables."""
    names = {name for key, value in pairs(document) if key == "vars" and isinstance(value, dict) for name in value}
    names |= {value for key, value in pairs(document) if key in {"loop_var", "index_var"}}
    return names | (set(document) if isinstance(document, dict) else set())


def options() -> set[str]:
    """The variables of roles, as their argument_specs describe them."""
    return {
        name
        for path, specs in documents("roles")
        if path.name == "argument_specs.yml"
        for point in specs["argument_specs"].values()
        for name in point.get("options", {})
    }


PLAYBOOKS = [document for _path, document in documents("playbooks")]
EVERYTHING = [document for _path, document in documents("playbooks", "roles", "inventories", "lab/inventories")]


def test_each_name_that_a_playbook_reads_is_written_somewhere() -> None:
    """One that is never written is undefined for good, which `default` hides."""
    written = (
        options() | GIVEN | MAGIC | {name for document in EVERYTHING for name in writes(document) | said(document)}
    )
    read = {name for document in PLAYBOOKS for name in reads(document) if not name.startswith("ansible_")}
    assert len(read) > 200
    assert sorted(read - written) == []


def test_each_result_and_fact_that_a_playbook_writes_is_read() -> None:
    read = {name for document in EVERYTHING for name in reads(document)}
    # Those of another host, by attribute or by the name that a lookup is given, and those that plugins read.
    text = "\n".join(path.read_text(encoding="utf-8") for path, _document in documents("playbooks", "roles"))
    folders = (ROOT / "plugins/filter", ROOT / "plugins/module_utils/_status")
    text += "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py"))
    read |= set(re.findall(r"(?:hostvars\.\w+\.|\]\.|_host\.|['\"])(\w+)", text)) | {probe.variable for probe in PROBES}
    assert sorted({name for document in PLAYBOOKS for name in writes(document)} - read) == []


def test_what_is_private_to_a_role_is_read_in_that_role_alone() -> None:
    """Each role has its prefix, so that no role reads another's."""
    private = {name for document in PLAYBOOKS for name in reads(document) | writes(document) if name.startswith("__")}
    assert sorted(private) == []
    for role in sorted((ROOT / "roles").iterdir()):
        found = {
            name
            for _path, document in documents(f"roles/{role.name}")
            for name in reads(document) | writes(document)
            if name.startswith("__") and not name.startswith(f"__{role.name}")
        }
        assert sorted(found) == [], role.name
