# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is reached by hand as Ansible reaches it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils import ssh_command as under_test
from ansible_collections.carpentries.amy.plugins.module_utils.ssh_command import manage_command, ssh_command


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({"ansible_host": "10.0.0.7"}, "ssh 10.0.0.7"),
        ({}, "ssh web1"),
        ({"ansible_host": "10.0.0.7", "ansible_user": "admin", "ansible_port": 2222}, "ssh -p 2222 -l admin 10.0.0.7"),
        (
            {
                "ansible_ssh_private_key_file": "/a key",
                "ansible_ssh_common_args": "-o UserKnownHostsFile=/known -o StrictHostKeyChecking=yes",
                "ansible_ssh_extra_args": "-o ProxyJump=bastion",
            },
            "ssh -o UserKnownHostsFile=/known -o StrictHostKeyChecking=yes -o ProxyJump=bastion -i '/a key' web1",
        ),
    ],
)
def test_the_command_has_what_the_inventory_says(variables: dict[str, Any], command: str) -> None:
    assert shlex.join(ssh_command({"inventory_hostname": "web1", **variables})) == command


@pytest.mark.parametrize(
    ("remote", "terminal", "command"),
    [
        ("", True, "ssh web1"),
        ("", False, "ssh -T web1"),
        ("id", True, "ssh -t web1 id"),
        ("id", False, "ssh -T web1 id"),
    ],
)
def test_the_host_is_asked_for_a_terminal_only_where_the_operator_has_one(
    remote: str, terminal: bool, command: str
) -> None:
    assert shlex.join(ssh_command({"inventory_hostname": "web1"}, remote=remote, terminal=terminal)) == command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("createsuperuser", ["createsuperuser"]),
        ("runscript seed_badges --script-args 'a b'", ["runscript", "seed_badges", "--script-args", "a b"]),
        ("""shell -c "print('$HOME', `id`)" """, ["shell", "-c", "print('$HOME', `id`)"]),
        ("check ; touch planted", ["check", ";", "touch", "planted"]),
    ],
)
def test_manage_gets_the_words_and_nothing_else_reads_them(
    arguments: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's shell runs it, as sshd does."""
    program = tmp_path / "repo/.venv/bin/with-environment"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n')
    sudo = tmp_path / "bin/sudo"
    sudo.parent.mkdir()
    sudo.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    for path in (program, sudo):
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sudo.parent}:/usr/bin:/bin")
    told = manage_command(arguments, site_root=str(tmp_path), user="amy")
    *_before, host, remote = ssh_command({"inventory_hostname": "scheduler1"}, remote=told)
    assert host == "scheduler1"
    shown = subprocess.run(["sh", "-c", remote], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert shown.splitlines() == [str(tmp_path / "repo"), "python", "manage.py", *words]
    assert not (tmp_path / "planted").exists()


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(ValueError, match="quotation"):
        manage_command("shell -c 'x", site_root="/webapps/x", user="amy")
    assert "with-environment" in under_test.MANAGE
