# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible has nothing to announce of what the collection uses: not of its playbooks, its roles or its plugins.

`make` hides such announcements, since most are other collections' business. Here are ours only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import ansible.release
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CORE = tuple(int(part) for part in ansible.release.__version__.split(".")[:2])
OTHERS_ARE_OLDER = pytest.mark.skipif(
    CORE == (2, 20), reason="amazon.aws 10, whose actions are loaded here, uses what ansible-core 2.20 announces"
)
ANNOUNCED = "[DEPRECATION WARNING]"
PLAYBOOKS = [
    *sorted((ROOT / "playbooks").glob("*.yml")),
    *sorted((ROOT / "playbooks/modernization").glob("*.yml")),
    *sorted((ROOT / "playbooks/phases").glob("*.yml")),
]
TASKS = sorted((ROOT / "playbooks").rglob("tasks/*.yml"))
IMPORT = """
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
import importlib, pkgutil
from ansible_collections.carpentries.amy import plugins
found = [module.name for module in pkgutil.walk_packages(plugins.__path__, plugins.__name__ + ".")]
for name in found:
    importlib.import_module(name)
print(len(found))
"""


def said(command: list[str]) -> str:
    """What a command of Ansible's prints that is told to announce what it will drop."""
    told = {"ANSIBLE_DEPRECATION_WARNINGS": "true", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOST_PATTERN_MISMATCH": "ignore"}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def checked(*playbooks: Path) -> str:
    return said([str(BIN / "ansible-playbook"), "--syntax-check", "-i", "localhost,", *map(str, playbooks)])


@pytest.mark.skipif(CORE < (2, 20), reason="ansible-core 2.19 announces nothing of what a plugin can import")
def test_what_is_announced_is_seen() -> None:
    line = "from ansible.module_utils._text import to_text"
    assert ANNOUNCED in said([sys.executable, "-c", IMPORT.replace("import importlib", f"{line}; import importlib")])


@OTHERS_ARE_OLDER
def test_playbooks() -> None:
    assert ANNOUNCED not in checked(*PLAYBOOKS)


@OTHERS_ARE_OLDER
def test_roles_and_tasks(tmp_path: Path) -> None:
    """Each of their files, since those that are included are read when a play comes to them."""
    roles = [
        {"import_role": {"name": f"carpentries.amy.{file.parents[1].name}", "tasks_from": file.name}}
        for file in sorted((ROOT / "roles").glob("*/tasks/*.yml"))
    ]
    tasks = [{"import_tasks": str(file)} for file in TASKS]
    playbook = tmp_path / "playbook.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [*roles, *tasks]}]))
    assert ANNOUNCED not in checked(playbook)


def test_plugins() -> None:
    printed = said([sys.executable, "-c", IMPORT])
    assert ANNOUNCED not in printed
    assert int(printed.split()[-1]) > 100


def test_documentation() -> None:
    printed = said([str(BIN / "ansible-doc"), "--metadata-dump", "carpentries.amy"])
    assert ANNOUNCED not in printed
    assert '"carpentries.amy.deploy_lock"' in printed
